"""What the demo says on the terminal."""

from rich.panel import Panel
from rich.table import Table

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


def ready(world: World, settings: Settings) -> Panel:
    """Addresses and accounts."""
    http = settings.http
    base = f"http://{http.host}:{http.port}"
    practice = f"http://{http.host}:{http.practice_port}"
    table = Table.grid(padding=(0, 2))
    for guest in world.guests:
        machine = "" if guest.desk is None else f"?machine={guest.desk.machine_token}"
        numbers = f"准考证 {guest.ticket_no}  证件 {guest.person.id_number}"
        where = f"{guest.seat_no} 号考位" if guest.seat_no else say("demo.at_the_desk", {}, "zh")
        table.add_row(f"考生 {guest.person.name}", f"{base}/exam/{machine}", f"{numbers}  {where}")
    console = f"{base}/console/"
    jk, second = DEMO.invigilators
    rows = (
        ("监考 签到核验与监控墙", jk, f"PIN {jk.pin}"),
        ("监考 第二人", second, f"PIN {second.pin}"),
        ("主考", DEMO.chief, f"PIN {DEMO.chief.pin}"),
        ("考务", DEMO.officer, f"PIN {DEMO.officer.pin}"),
        ("题库", DEMO.bank_keeper, ""),
        ("题库 第二人", DEMO.second_keeper, ""),
        ("密钥持有人", DEMO.holders[0], DEMO.holders[0].passphrase),
        ("密钥持有人", DEMO.holders[1], DEMO.holders[1].passphrase),
        ("阅卷", DEMO.marker, ""),
        ("督导", DEMO.supervisor, ""),
        ("系统管理员", DEMO.administrator, ""),
    )
    for what, who, more in rows:
        table.add_row(what, console, f"{who.account} / {who.password}  {more}")
    table.add_row("模拟练习", practice, say("demo.no_sign_in", {}, "zh"))
    table.add_row("回执核验", f"{base}/api/receipts/{world.receipt_code}", world.receipt_code)
    table.add_row("已归档场次", console, world.archived_session)
    title = f"{say('demo.ready', {}, 'zh')}  {say('demo.ready', {}, 'en')}"
    return Panel(table, title=title, expand=False)
