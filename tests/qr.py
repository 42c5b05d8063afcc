"""Reading QR codes off a printed page as a camera would: softened, turned, not always at once."""

import io
import re

import cv2
import numpy as np
from PIL import Image
from pypdf import PdfReader

LOOKS = ((5.0, 0.0), (4.0, 0.0), (6.5, 2.0), (7.5, -3.0), (3.5, 0.0))
"""Pixels per module and degrees, one after the other until the code is read."""
BORDERED_MODULES = re.compile(r"\d+")


def images_of(pdf: bytes) -> list[np.ndarray]:
    """The pictures on the pages, in order, as grey values."""
    found = []
    for page in PdfReader(io.BytesIO(pdf)).pages:
        for picture in page.images:
            grey = Image.open(io.BytesIO(picture.data)).convert("L")
            found.append(np.asarray(grey))
    return found


def read_qr(image: np.ndarray, pixels_per_module: int = 8) -> str:
    """The text; empty when it cannot be read."""
    detector = cv2.QRCodeDetectorAruco()
    for pixels, degrees in LOOKS:
        seen = cv2.GaussianBlur(_resized(image, pixels / pixels_per_module), (0, 0), 0.8)
        if degrees:
            height, width = seen.shape
            turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 0.92)
            seen = cv2.warpAffine(seen, turn, (width, height), borderValue=255)
        text, _, _ = detector.detectAndDecode(seen)
        if text:
            return str(text)
    return ""


def _resized(image: np.ndarray, by: float) -> np.ndarray:
    return cv2.resize(image, None, fx=by, fy=by, interpolation=cv2.INTER_AREA)
