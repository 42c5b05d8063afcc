"""What the demo says on the terminal."""

from kernel.settings import Settings
from kernel.words import say
from server.demo.seed import World
from server.rehearsal.cast import DEMO


def seeding() -> str:
    """While the world is made."""
    return f"{say('demo.seeding', {}, 'zh')} {say('demo.seeding', {}, 'en')}"


def farewell() -> str:
    """After Ctrl-C."""
    return f"{say('demo.farewell', {}, 'zh')} {say('demo.farewell', {}, 'en')}"


def ready(world: World, settings: Settings) -> str:
    """Addresses and accounts, a line each, so that every address can be copied whole."""
    http = settings.http
    base = f"http://{http.host}:{http.port}"
    lines = [f"{say('demo.ready', {}, 'zh')}  {say('demo.ready', {}, 'en')}", ""]
    for guest in world.guests:
        machine = "" if guest.desk is None else f"?machine={guest.desk.machine_token}"
        where = f"{guest.seat_no} 号考位" if guest.seat_no else say("demo.at_the_desk", {}, "zh")
        lines += [
            f"考生 candidate   {guest.person.name}  {where}",
            f"    {base}/exam/{machine}",
            f"    准考证号 {guest.ticket_no}  证件号 {guest.person.id_number}",
        ]
    lines += ["", f"考务端 console   {base}/console/"]
    lines += [f"    {one}" for one in _accounts()]
    lines += [
        "",
        f"模拟练习 practice  http://{http.host}:{http.practice_port}/  "
        + say("demo.no_sign_in", {}, "zh"),
        f"回执核验 receipt   {base}/portal/#/receipt  {world.receipt_code}",
        "",
        say("demo.camera", {}, "zh"),
        say("demo.camera", {}, "en"),
        (
            f"    chromium --use-fake-ui-for-media-stream --use-fake-device-for-media-stream "
            f"--use-file-for-fake-video-capture=tests/data/faces/cam_genuine.mjpeg {base}/console/"
        ),
    ]
    return "\n".join(lines)


def _accounts() -> list[str]:
    jk, second = DEMO.invigilators
    officer_2, supervisor_2 = DEMO.deciders
    rows = (
        ("监考 invigilator(签到、考场墙)", jk, f"PIN {jk.pin}"),
        ("监考 second invigilator", second, f"PIN {second.pin}"),
        ("主考 chief", DEMO.chief, f"PIN {DEMO.chief.pin}"),
        ("考务 officer", DEMO.officer, f"PIN {DEMO.officer.pin}"),
        ("题库 bank", DEMO.bank_keeper, ""),
        ("题库 second keeper", DEMO.second_keeper, ""),
        ("密钥 key holder", DEMO.holders[0], f"口令 {DEMO.holders[0].passphrase}"),
        ("密钥 key holder", DEMO.holders[1], f"口令 {DEMO.holders[1].passphrase}"),
        ("阅卷 marker", DEMO.marker, ""),
        ("督导 supervisor", DEMO.supervisor, ""),
        ("考务 second officer(密钥销毁)", officer_2, ""),
        ("督导 second supervisor(密钥销毁)", supervisor_2, ""),
        ("系统 administrator", DEMO.administrator, ""),
    )
    return [f"{who.account}  {who.password}  {more:<30}  {what}" for what, who, more in rows]
