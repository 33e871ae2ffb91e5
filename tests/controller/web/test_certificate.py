"""The screens' certificate: for what people type, never too old, in place before it ends."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from hypothesis import given
from hypothesis import strategies as st

from controller.broker.authority import Authority, Certificate, covers
from controller.config import ControllerConfig
from controller.web import certificate as made
from controller.web.addresses import coverable, own_names
from controller.web.certificate import (
    LEFT,
    LIFE,
    ScreenTls,
    Seen,
    screen_certificate,
    seen_in,
    server_context,
)
from protocol.pin import pinned

NOW = datetime(2026, 11, 29, 9, 0, tzinfo=UTC)


class Clock:
    """A server's clock, which can be wrong."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> int:
        return int(self.now.timestamp() * 1000)


def config(data: Path, **more: str) -> ControllerConfig:
    """A school that opens its screens to its network."""
    values = {"http_host": "::", "allowed_hosts": "lophoc.lan, lophoc.truong.edu.vn"}
    return ControllerConfig(school="1", province="14", data=data, **(values | more))  # type: ignore[arg-type]


def shown(data: Path) -> Seen:
    """What a browser that believes the school sees now."""
    seen = seen_in(screen_certificate(data), Authority(data).file)
    assert seen
    return seen


def test_it_is_for_what_people_type_and_for_a_year(tmp_path: Path) -> None:
    """Every name and address that the authority may sign; 397 days in all."""
    tls = ScreenTls(config(tmp_path), Clock())
    tls.look()
    seen = shown(tmp_path)
    typed = {"localhost", "127.0.0.1", "::1", "lophoc.lan"}
    assert typed <= seen.names
    assert typed | {"lophoc.truong.edu.vn"} <= tls.names
    assert "lophoc.truong.edu.vn" not in seen.names  # not the school's authority's to sign
    assert seen.until - seen.since == LIFE
    assert seen.since < NOW < seen.until
    assert tls.trouble is None
    for path in screen_certificate(tmp_path):
        assert path.stat().st_mode & 0o777 == 0o600


def test_every_name_in_it_is_permitted_by_the_authority_itself(tmp_path: Path) -> None:
    """What `covers` says is what stands in the authority (RFC 5280, 4.2.1.10), and it signed it."""
    ScreenTls(config(tmp_path), Clock()).look()
    chain = x509.load_pem_x509_certificates(screen_certificate(tmp_path).chain.read_bytes())
    leaf, authority = chain
    key = authority.public_key()
    assert isinstance(key, EllipticCurvePublicKey)
    assert leaf.signature_hash_algorithm
    key.verify(leaf.signature, leaf.tbs_certificate_bytes, ECDSA(leaf.signature_hash_algorithm))
    limits = authority.extensions.get_extension_for_class(x509.NameConstraints).value
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    for name in names:
        assert any(_holds(limit.value, name.value) for limit in limits.permitted_subtrees or ())


def _holds(limit: object, name: object) -> bool:
    if isinstance(limit, str):
        return isinstance(name, str) and (name == limit or name.endswith("." + limit))
    return not isinstance(name, str) and name in limit  # type: ignore[operator]


def test_it_is_renewed_before_it_ends_and_in_place(tmp_path: Path) -> None:
    """A line that comes later sees the new one; nobody started anything again."""
    clock = Clock()
    tls = ScreenTls(config(tmp_path), clock)
    tls.look()
    first, context = shown(tmp_path), tls.context
    clock.now = first.until - LEFT - timedelta(minutes=1)
    tls.look()
    assert (shown(tmp_path), tls.context) == (first, context)
    clock.now = first.until - LEFT + timedelta(minutes=1)
    tls.look()
    assert shown(tmp_path).until == clock.now - timedelta(days=1) + LIFE
    assert tls.context is not context


def test_another_address_is_in_it_at_the_next_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And one that went away costs no new one."""
    tls = ScreenTls(config(tmp_path), Clock())
    monkeypatch.setattr(made, "own_names", lambda _: frozenset({"192.168.1.9"}))
    tls.look()
    monkeypatch.setattr(made, "own_names", lambda _: frozenset({"192.168.1.9", "10.2.3.4"}))
    tls.look()
    two = shown(tmp_path)
    assert {"192.168.1.9", "10.2.3.4"} <= two.names
    monkeypatch.setattr(made, "own_names", lambda _: frozenset({"10.2.3.4"}))
    tls.look()
    assert shown(tmp_path) == two


@pytest.mark.parametrize(
    "birth", [datetime(1970, 1, 1, tzinfo=UTC), datetime(2041, 5, 5, tzinfo=UTC)]
)
def test_a_clock_that_was_wrong_at_birth_is_made_good(birth: datetime, tmp_path: Path) -> None:
    """Before 1970 nothing can be valid, so it begins there; by the right clock it is renewed."""
    clock = Clock(birth)
    tls = ScreenTls(config(tmp_path), clock)
    tls.look()
    assert shown(tmp_path).since >= datetime(1970, 1, 1, tzinfo=UTC)
    assert tls.trouble is None
    clock.now = NOW
    tls.look()
    assert shown(tmp_path).since == NOW - timedelta(days=1)


@pytest.mark.parametrize("harm", ["cut", "empty", "foreign key", "foreign authority", "gone"])
def test_a_file_that_was_harmed_is_made_anew(harm: str, tmp_path: Path) -> None:
    """Whatever a power cut or a restored folder left there."""
    tls = ScreenTls(config(tmp_path), Clock())
    tls.look()
    place = screen_certificate(tmp_path)
    stranger = Authority(tmp_path / "stranger")
    match harm:
        case "cut":
            place.chain.write_bytes(place.chain.read_bytes()[:300])
        case "empty":
            place.key.write_bytes(b"")
        case "foreign key":
            place.key.write_bytes(stranger.machine().key.read_bytes())
        case "foreign authority":
            stranger.sign(place, "x", ["localhost"], NOW, NOW + LIFE)
        case _:
            place.chain.unlink()
    tls.look()
    assert shown(tmp_path).since < NOW
    assert tls.trouble is None


def test_without_the_authoritys_key_it_goes_on_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What is shown stays shown; where there is nothing to show, nothing is."""
    clock = Clock()
    tls = ScreenTls(config(tmp_path), clock)
    tls.look()
    (tmp_path / "tls" / "ca.key").unlink()
    context = tls.context
    clock.now = NOW + LIFE
    for _ in range(2):
        tls.look()
    assert tls.context is context
    assert caplog.text.count("The key of this school's certificates") == 1
    screen_certificate(tmp_path).chain.unlink()
    late = ScreenTls(config(tmp_path), clock)
    late.look()
    assert late.context is None
    assert late.trouble is not None


def test_the_schools_own_is_shown_and_taken_in_when_it_is_renewed(tmp_path: Path) -> None:
    """By the settings; where it cannot be read the authority's stands in, with a word."""
    authority = Authority(tmp_path / "province")
    place = Certificate(tmp_path / "chain.pem", tmp_path / "key.pem")
    own = config(tmp_path / "data", http_chain_file=str(place.chain), http_key_file=str(place.key))
    authority.sign(place, "x", ["lophoc.internal"], NOW, NOW + LIFE)
    tls = ScreenTls(own, Clock())
    tls.look()
    first = tls.context
    assert first
    assert "lophoc.internal" in names_shown(first, authority)
    authority.sign(place, "x", ["other.internal"], NOW, NOW + LIFE)
    tls.look()
    assert tls.context
    assert "other.internal" in names_shown(tls.context, authority)
    place.key.write_text("nonsense")
    tls.look()
    assert tls.trouble is not None
    assert "localhost" in names_shown(tls.context, Authority(tmp_path / "data"))


def names_shown(server: ssl.SSLContext, authority: Authority) -> set[str]:
    """What stands in the certificate that this context shows, to who believes the authority."""
    client = pinned(authority.file)
    client.check_hostname = False
    client.verify_flags = ssl.VerifyFlags(client.verify_flags | 0x200000)
    return {name for _, name in made._shown_to(client, server)["subjectAltName"]}


def test_on_loopback_alone_nothing_is_made(tmp_path: Path) -> None:
    """Cryptography stays unloaded, and the folder as it is."""
    tls = ScreenTls(config(tmp_path, http_host="127.0.0.1"), Clock())
    tls.look()
    assert tls.context is None
    assert not (tmp_path / "tls").exists()


@given(st.ip_addresses())
def test_an_address_is_covered_where_it_is_nobody_elses(address: object) -> None:
    """Private ones alone; the model is Python's own register of addresses (RFC 1918, 4193)."""
    each = ip_address(str(address))
    private = each.is_private and not each.is_unspecified
    if covers(str(each)):
        assert private or each.is_link_local or each.is_loopback


@pytest.mark.parametrize(
    ("name", "is_covered"),
    [
        *(("may-chu.local", True), ("lophoc", True), ("a.b.lan", True), ("192.168.1.1", True)),
        *(("fd00::2", True), ("10.0.0.1", True), ("172.31.0.1", True), ("::1", True)),
        *(("notlan", False), ("google.com", False), ("xlan", False), ("local.evil.vn", False)),
        *(("8.8.8.8", False), ("172.32.0.1", False), ("2001:db8::1", False), ("", False)),
    ],
)
def test_what_the_authority_may_sign(name: str, *, is_covered: bool) -> None:
    """A name below one that is nobody's, or a private address."""
    assert covers(name) == is_covered
    assert (name in coverable(frozenset({name}))) == is_covered


def test_what_cannot_stand_in_a_certificate_is_left_out(tmp_path: Path) -> None:
    """A name that somebody wrote into the settings never keeps all others from being shown."""
    odd = config(tmp_path, allowed_hosts="*, [::1], trường.lan, a b.lan, .lan, lan., http://x.lan")
    tls = ScreenTls(odd, Clock())
    tls.look()
    assert tls.trouble is None
    assert "localhost" in shown(tmp_path).names
    assert "*" not in own_names(odd)


def test_the_context_takes_no_old_tls(tmp_path: Path) -> None:
    """1.2 is the least."""
    ScreenTls(config(tmp_path), Clock()).look()
    context = server_context(screen_certificate(tmp_path))
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


@given(st.integers(-500, 900), st.sets(st.sampled_from("abc")), st.sets(st.sampled_from("abc")))
def test_it_is_due_by_days_and_by_names(day: int, wanted: set[str], held: set[str]) -> None:
    """Held against days that are counted one by one, and names one by one."""
    seen = Seen(frozenset(held), NOW, NOW + LIFE)
    good = {number for number in range(LIFE.days + 1) if LIFE.days - number >= LEFT.days}
    is_missing = any(name not in held for name in wanted)
    expected = day not in good or is_missing
    assert seen.is_due(frozenset(wanted), NOW + timedelta(days=day)) == expected
