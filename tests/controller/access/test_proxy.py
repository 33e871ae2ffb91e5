"""Behind nginx and Caddy, by the handbook's samples: nobody is the server, and TLS is known."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import json
import os
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from controller.web.server import listening, server_of
from controller.web.site import create_web
from tests.conftest import answers, need
from tests.controller.people import COOKIE, log_in, set_password
from tests.controller.web_school import a_live, a_program, a_store, agent, mark
from tests.ports import free_port
from tests.tiers import wide
from tests.waiting import LIMIT_S, until

SAMPLES = Path(__file__).parents[3] / "docs" / "proxy"
PASSWORD = "một mật khẩu dài"  # noqa: S105 - a test's own
HOST = "127.0.0.1"


class Behind:
    """A school behind a proxy, and the answers that come through."""

    def __init__(self, folder: Path, port: int, cookie: str) -> None:
        self.folder = folder
        self.url = f"https://{HOST}:{port}"
        self.cookie = cookie
        self.trust = ssl.create_default_context(cafile=str(folder / "cert.pem"))

    def ask(self, method: str, path: str, **options: object) -> httpx.Response:
        """What is answered through the proxy."""
        with httpx.Client(base_url=self.url, verify=self.trust, trust_env=False) as web:
            return web.request(method, path, timeout=LIMIT_S, **options)  # type: ignore[arg-type]


def certificate(folder: Path) -> None:
    """One of our own, for the proxy."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "lophoc")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


def changed(name: str, *changes: tuple[str, str]) -> str:
    """A sample of the handbook, with this test's ports, names and files."""
    text = (SAMPLES / name).read_text("utf-8")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    return text


def nginx_command(folder: Path, port: int, behind: int) -> list[str]:
    """Starts nginx in a folder of its own."""
    text = changed(
        "nginx.conf",
        ("listen 443 ssl", f"listen {HOST}:{port} ssl"),
        ("127.0.0.1:8000", f"127.0.0.1:{behind}"),
        ("/etc/ssl/lophoc.pem", str(folder / "cert.pem")),
        ("/etc/ssl/lophoc.key", str(folder / "key.pem")),
    )
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    whole = (
        f"daemon off;\nmaster_process off;\npid {folder}/nginx.pid;\n"
        f"error_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{places}{text}}}\n"
    )
    path = folder / "nginx.conf"
    path.write_text(whole, "utf-8")
    return [need("nginx", "nginx-light"), "-p", str(folder), "-c", str(path)]


def caddy_command(folder: Path, port: int, behind: int) -> list[str]:
    """Starts Caddy, which asks nobody for a certificate."""
    own = f"https://{HOST}:{port} {{\n\ttls {folder}/cert.pem {folder}/key.pem"
    text = changed(
        "Caddyfile",
        ("lophoc.truong.edu.vn {", own),
        ("127.0.0.1:8000", f"127.0.0.1:{behind}"),
    )
    path = folder / "Caddyfile"
    path.write_text(f"{{\n\tadmin off\n\tauto_https disable_redirects\n}}\n{text}", "utf-8")
    return [need("caddy", "caddy"), "run", "--config", str(path), "--adapter", "caddyfile"]


COMMANDS = {"nginx": nginx_command, "caddy": caddy_command}
CASES = [("nginx", True), ("caddy", True), ("nginx", False), *wide((("caddy", False),))]


@pytest.fixture(params=CASES, ids=["nginx", "caddy", "nginx-unnamed", "caddy-unnamed"])
def behind(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Behind]:
    """A school behind a proxy, which it trusts or does not know of."""
    name, is_trusted = request.param
    port, inner = free_port(), free_port()
    certificate(tmp_path)
    command = COMMANDS[name](tmp_path, port, inner)
    with a_store(tmp_path, [agent("6A1"), mark("m1")]) as store:
        store.write(set_password, PASSWORD)
        program = a_program(store, a_live(store))
        web = create_web(program, (HOST,))
        server = server_of(web, proxies=[HOST] if is_trusted else [])
        thread = threading.Thread(target=_serve, args=(server, inner))
        thread.start()
        own = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
        proxy = subprocess.Popen(command, env=os.environ | own, stderr=subprocess.DEVNULL)
        try:
            until(lambda: answers(port) and answers(inner), "the proxy and the screens listen")
            yield Behind(tmp_path, port, log_in(program, "other", is_secure=is_trusted))
        finally:
            proxy.terminate()
            proxy.wait()
            server.should_exit = True
            thread.join(LIMIT_S)


def _serve(server: object, port: int) -> None:
    async def serve() -> None:
        with listening(HOST, port) as listener:
            await server.serve(sockets=[listener])  # type: ignore[attr-defined]

    asyncio.run(serve())


def test_nobody_is_the_server_itself_and_tls_is_known_where_the_proxy_is_named(
    behind: Behind, request: pytest.FixtureRequest
) -> None:
    """Without an account nothing; with one the cookie is this server's alone; the line goes on."""
    is_trusted = "unnamed" not in request.node.name
    forged = {"X-Forwarded-For": HOST, "X-Forwarded-Proto": "http", "Forwarded": f"for={HOST}"}
    for path in ("/", "/attendance/6A1", "/accounts"):
        assert behind.ask("GET", path, headers=forged).headers["location"].startswith("/login")
    assert behind.ask("GET", "/api/v1/attendance", headers=forged).status_code == 401
    told = {"password": PASSWORD, "next": "/"}
    entered = behind.ask("POST", "/login", data=told, headers={"origin": behind.url})
    cookies = entered.headers.get_list("set-cookie")
    assert entered.status_code == 303
    assert all(cookie.startswith("__Host-") == is_trusted for cookie in cookies)
    assert all(("Secure" in cookie) == is_trusted for cookie in cookies)
    name = f"__Host-{COOKIE}" if is_trusted else COOKIE
    line = behind.url.replace("https", "wss") + "/live"
    with pytest.raises(InvalidStatus):
        connect(line, ssl=behind.trust, origin=behind.url)  # type: ignore[arg-type]
    shown = {"cookie": f"{name}={behind.cookie}"}
    with connect(line, ssl=behind.trust, additional_headers=shown) as browser:
        assert json.loads(browser.recv(LIMIT_S))["type"] == "snapshot"


@pytest.mark.parametrize("name", ["nginx.conf", "Caddyfile"])
def test_the_sample_names_what_the_settings_are_called(name: str) -> None:
    """A setting that is renamed is renamed there."""
    for setting in ("http_host", "trusted_proxies", "allowed_hosts"):
        assert f"{setting} = " in (SAMPLES / name).read_text()
