"""This file runs inside a freshly made Debian, as root, without a network: a package's whole life.

It has that Debian's own Python and nothing else; what it saw it writes as JSON on its output.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

LIMIT_S = 180.0
DOORS = {"lophoc-agent": 18102, "lophoc-controller": 18100}
ARGUMENTS = {
    "lophoc-agent": (
        *("--local-port", "18102", "--door-folder", "/run/lophoc-agent", "--room", "P101"),
        *("--mdns", "false", "--onvif", "false", "--pjlink", "false", "--internet", ""),
    ),
    "lophoc-controller": ("--http-port", "18100", "--mqtt-port", "18101", "--mdns", "false"),
}
STICK = next(Path("/tmp/stick").glob("lophoc-*"))
SCHOOL = ("--province", "14", "--school", "00140708")
IMPORTS = {
    "lophoc-agent": "cv2, numpy, zxingcpp, cryptography, hardware.cards.reader",
    "lophoc-controller": "PIL, lxml, psycopg, sqlalchemy, pyrage, zxingcpp, controller.app",
}


def run(*command: str, **environ: str) -> str:
    """Run to the end; its words, or an error with them."""
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=LIMIT_S,
        env={**os.environ, **environ}, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout + done.stderr


def as_user(package: str) -> list[str]:
    """What lets a command run as the account that the package has made."""
    return ["setpriv", "--reuid", package, "--regid", package, "--clear-groups", "--"]


def live(package: str) -> dict[str, object]:
    """Start the service as its unit does, wait for its answer, end it by SIGINT."""
    home, words = f"/var/lib/{package}", Path(f"/tmp/{package}.log")
    run("install", "-d", "-o", package, f"/run/{package}")
    command = [package, "run", *SCHOOL, "--data", home, *ARGUMENTS[package]]
    with words.open("wb") as log:
        process = subprocess.Popen(
            [*as_user(package), *command], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            cwd="/", env={"PATH": os.environ["PATH"], "HOME": home}, process_group=0,
        )  # fmt: skip
    try:
        answer = answer_of(DOORS[package], process)
        process.send_signal(signal.SIGINT)
        code = process.wait(LIMIT_S)
    finally:
        process.kill()
        process.wait()
    text = words.read_text("utf-8")
    return {"answer": answer, "code": code, "traceback": "Traceback" in text, "log": text[-3000:]}


def answer_of(port: int, process: subprocess.Popen[bytes]) -> str:
    """What the service answers, once it does; "" where it ended before."""
    end_s = time.monotonic() + LIMIT_S
    while time.monotonic() < end_s and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
                return str(answer.status)
        except OSError:
            time.sleep(0.2)
    return ""


def libraries(package: str) -> str:
    """Whether what is loaded only when it is wanted can be loaded."""
    launcher = Path(f"/usr/bin/{package}").read_text("utf-8").split("from ")[0]
    code = f"{launcher}\nimport {IMPORTS[package]}\nprint('loaded')"
    return run("/usr/bin/python3", "-I", "-c", code).strip()


def left(package: str) -> list[str]:
    """What is still there of it."""
    folders = ("/usr/lib", "/usr/bin", "/var/lib", "/usr/share/doc")
    places = [f"{folder}/{package}" for folder in folders]
    places.append(f"/usr/lib/systemd/system/{package}.service")
    return [place for place in places if Path(place).exists()]


def purge(package: str, answer: str) -> None:
    """Purge it; answer: what was said before to the question for its data, "" for nothing."""
    if answer:
        line = f"{package} {package}/purge-data boolean {answer}\n"
        subprocess.run(["debconf-set-selections"], input=line, text=True, check=True)
    run("dpkg", "--purge", package)


def from_stick(role: str) -> str:
    """Install as a person does who has put the stick in."""
    return run("sh", f"{STICK}/cai-dat.sh", role)


def spoilt(file: Path) -> str:
    """What the stick's script says of a file that was not copied well."""
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    done = subprocess.run(
        ["sh", f"{STICK}/cai-dat.sh", "phong"], capture_output=True, text=True, check=False
    )
    file.write_bytes(whole)
    return f"{done.returncode} {done.stderr.strip()}"


def life(package: str, role: str, more: tuple[str, ...] = ()) -> dict[str, object]:
    """Installed, looked at, run, removed, purged with the data kept, and again without."""
    [main] = map(str, STICK.glob(f"*/{package}_*.deb"))
    from_stick(role)
    seen: dict[str, object] = {
        "version": run(package, "--version").strip(),
        "libraries": libraries(package),
        "account": run("id", "-un", package).strip(),
        "life": live(package),
        "verified": run("dpkg", "--verify", package),
    }
    for name in (*more, package):
        run("dpkg", "--remove", name)
    seen["removed"] = left(package)
    purge(package, "")
    seen["kept"] = left(package)
    run("dpkg", "--install", main)
    purge(package, "true")
    seen["purged"] = left(package)
    return seen


def refused(file: str) -> str:
    """What a Python that is too new, or too old, is told before anything is unpacked."""
    script = subprocess.run(
        ["dpkg-deb", "--ctrl-tarfile", file], capture_output=True, check=True
    ).stdout
    run("mkdir", "-p", "/tmp/control")
    subprocess.run(["tar", "-x", "-C", "/tmp/control"], input=script, check=True)
    text = Path("/tmp/control/preinst").read_text("utf-8").replace("sys.version_info[1:2]", "(10,)")
    done = subprocess.run(["sh", "-c", text], capture_output=True, text=True, check=False)
    return f"{done.returncode} {done.stderr}"


def main() -> None:
    """Every package of the stick; the department's goes with the controller's."""
    [agent] = STICK.glob("*/lophoc-agent_*.deb")
    seen = {
        "spoilt": spoilt(agent),
        "refused": refused(str(agent)),
        "lophoc-agent": life("lophoc-agent", "phong"),
        "lophoc-controller": life("lophoc-controller", "so", ("lophoc-department",)),
    }
    json.dump(seen, sys.stdout)


main()
