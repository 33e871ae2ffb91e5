"""This file holds what can be looked up about a program, and what each fact means. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Final, assert_never

from protocol.doctor import Check, Diagnosis
from protocol.errors import LopHocError
from protocol.health import Limits
from protocol.language import N_
from protocol.model import FIRST_MS, Status, instant

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
COPY_OLD_MS: Final = 26 * HOUR_MS
COPY_VERY_OLD_MS: Final = 7 * DAY_MS
EXPIRES_SOON_MS: Final = 60 * DAY_MS
TOKEN_SOON_MS: Final = 14 * DAY_MS
LEAST_FREE_BYTES: Final = 8 << 20
MEGABYTE: Final = 1_000_000

_LIMITS: Final = Limits()


class Reach(StrEnum):
    """How far a line to a port comes."""

    OPEN = "open"
    CLOSED = "closed"  # the computer answers, no program does
    SILENT = "silent"  # nothing answers: off, or something in between lets nothing through
    NO_WAY = "no_way"
    NAMELESS = "nameless"


class Greeting(StrEnum):
    """What came of a greeting at the broker."""

    WELCOME = "welcome"
    PASSWORD_REFUSED = "password_refused"  # noqa: S105 - a code
    NOT_BELIEVED = "not_believed"
    REFUSED = "refused"
    CUT = "cut"


class Soundness(StrEnum):
    """What a look into a file of records found."""

    SOUND = "sound"
    ABSENT = "absent"
    DAMAGED = "damaged"
    UNREADABLE = "unreadable"
    UNFINISHED = "unfinished"  # too large to be read through in time; no fault until then


class Paper(StrEnum):
    """What came of reading a certificate."""

    SOUND = "sound"
    ABSENT = "absent"
    UNREADABLE = "unreadable"
    KEY_ABSENT = "key_absent"
    KEY_FOREIGN = "key_foreign"


@dataclass(frozen=True, slots=True)
class ClockFact:
    """The machine's clock. last_ms: the time that the program told last, 0 if it never did."""

    now_ms: int
    last_ms: int
    is_kept: bool

    def judge(self) -> Diagnosis:
        """Whether it can be right, and whether anything keeps it so."""
        say = partial(Diagnosis, Check.CLOCK, values={"day": instant(self.now_ms).date()})
        if self.now_ms < FIRST_MS:
            return say(Status.CRITICAL, "clock_impossible", *_CLOCK_IMPOSSIBLE)
        if self.now_ms < self.last_ms - DAY_MS:
            return say(Status.CRITICAL, "clock_back", *_CLOCK_BACK)
        if not self.is_kept:
            return say(Status.WARNING, "clock_unkept", *_CLOCK_UNKEPT)
        return say(Status.OK, "clock_kept", N_("The clock is kept by a time service."))


_SET_CLOCK: Final = N_("Set it, and switch on: sudo timedatectl set-ntp true")
_CLOCK_IMPOSSIBLE: Final = (
    N_("The clock says {day}, before there was any LopHoc."),
    _SET_CLOCK,
)
_CLOCK_BACK: Final = (
    N_("The clock says {day}; this program has seen a later day."),
    _SET_CLOCK,
)
_CLOCK_UNKEPT: Final = (N_("Nothing keeps the clock right."), _SET_CLOCK)


@dataclass(frozen=True, slots=True)
class FolderFact:
    """The program's folder. owner: whose it is. is_private: whether others may not look in.

    strays: how many files in it belong to others than the folder does.
    """

    path: str
    is_there: bool
    owner: str = ""
    is_own: bool = True
    is_private: bool = True
    is_writable: bool = True
    strays: int = 0

    def judge(self) -> Diagnosis:
        """Whether the program can work in it, and nobody else can look in."""
        values = {"path": self.path, "owner": self.owner, "strays": self.strays}
        say = partial(Diagnosis, Check.FOLDER, values=values)
        if not self.is_there:
            return say(Status.WARNING, "folder_absent", *_FOLDER_ABSENT)
        if not self.is_writable:
            return say(Status.CRITICAL, "folder_unwritable", *_FOLDER_UNWRITABLE)
        if self.strays:
            return say(Status.CRITICAL, "folder_strays", *_FOLDER_STRAYS)
        if not self.is_own:
            return say(Status.WARNING, "folder_of_another", *_FOLDER_OF_ANOTHER)
        if not self.is_private:
            return say(Status.WARNING, "folder_open", *_FOLDER_OPEN)
        return say(Status.OK, "folder_own", N_("The folder {path} is the program's own."))


_FOLDER_ABSENT: Final = (
    N_("There is no folder {path} yet."),
    N_("The program makes it when it first runs; if it has run, name its folder with --data."),
)
_FOLDER_UNWRITABLE: Final = (
    N_("Nothing can be written into the folder {path}."),
    N_("Make room on its disk, or give it back: sudo chown -R {owner} {path}"),
)
_FOLDER_STRAYS: Final = (
    N_(
        "{strays} {strays:file|files} in the folder {path} {strays:belongs|belong} to somebody"
        " else: the program may fail there."
    ),
    N_("Give them back: sudo chown -R {owner} {path}"),
)
_FOLDER_OF_ANOTHER: Final = (
    N_("The folder {path} belongs to {owner}, not to you."),
    N_("Run this as that account: sudo -u {owner} …"),
)
_FOLDER_OPEN: Final = (
    N_("Other accounts of this computer can look into the folder {path}."),
    N_("Close it: sudo chmod o-rwx {path}"),
)


@dataclass(frozen=True, slots=True)
class DiskFact:
    """The disk below the folder."""

    free_bytes: int
    used_percent: float

    def judge(self) -> Diagnosis:
        """Whether there is room."""
        free_mb = self.free_bytes // MEGABYTE
        values = {"free_mb": free_mb, "used_percent": round(self.used_percent)}
        say = partial(Diagnosis, Check.DISK, values=values)
        is_full = self.free_bytes < LEAST_FREE_BYTES
        if is_full or self.used_percent >= _LIMITS.disk_critical_percent:
            return say(Status.CRITICAL, "disk_full", *_DISK_LOW)
        if self.used_percent >= _LIMITS.disk_warning_percent:
            return say(Status.WARNING, "disk_low", *_DISK_LOW)
        return say(Status.OK, "disk_free", N_("The disk has {free_mb} MB free."))


_DISK_LOW: Final = (
    N_("The disk has {free_mb} MB free; {used_percent} % is used."),
    N_("Delete or move away what is not LopHoc's; never delete files in its folder."),
)


@dataclass(frozen=True, slots=True)
class RecordsFact:
    """A file of records, and what a look into it found. command: what mends it."""

    file: str
    verdict: Soundness
    command: str

    def judge(self) -> Diagnosis:
        """Whether what was recorded can be read."""
        values = {"file": self.file, "command": self.command}
        say = partial(Diagnosis, Check.DATABASE, values=values)
        match self.verdict:
            case Soundness.SOUND:
                return say(Status.OK, "records_sound", N_("{file} was read through; it is sound."))
            case Soundness.UNFINISHED:
                text = N_("{file} is sound as far as it could be read in these seconds.")
                return say(Status.OK, "records_unfinished", text)
            case Soundness.ABSENT:
                return say(Status.OK, "records_absent", N_("There is no {file} yet."))
            case Soundness.DAMAGED:
                return say(Status.CRITICAL, "records_damaged", *_RECORDS_DAMAGED)
            case Soundness.UNREADABLE:
                return say(Status.UNKNOWN, "records_unreadable", *_RECORDS_UNREADABLE)
            case never:
                assert_never(never)


_RECORDS_DAMAGED: Final = (
    N_("{file} is damaged."),
    N_("Stop the program, then: {command}; nothing is deleted by it."),
)
_RECORDS_UNREADABLE: Final = (
    N_("{file} cannot be read by this account."),
    N_("Run this as the account that the program runs under, or as root."),
)


@dataclass(frozen=True, slots=True)
class ProgramFact:
    """Whether the program runs on the folder; None where that cannot be told."""

    unit: str
    is_running: bool | None

    def judge(self) -> Diagnosis:
        """Whether it runs."""
        say = partial(Diagnosis, Check.PROGRAM, values={"unit": self.unit})
        match self.is_running:
            case True:
                return say(Status.OK, "program_runs", N_("It is running."))
            case False:
                return say(Status.WARNING, "program_stopped", *_PROGRAM_STOPPED)
            case None:
                return say(Status.OK, "program_untold", N_("Whether it runs cannot be told here."))
            case never:
                assert_never(never)


_PROGRAM_STOPPED: Final = (
    N_("It is not running."),
    N_("Start it: sudo systemctl start {unit}; why it ended: journalctl -u {unit} -n 50"),
)


@dataclass(frozen=True, slots=True)
class PortFact:
    """A port that the program serves while it runs. option: the setting that names it."""

    port: int
    option: str
    is_open: bool
    is_running: bool | None

    def judge(self) -> Diagnosis:
        """Whether the program has it, or another one does."""
        values = {"port": str(self.port), "option": self.option}
        say = partial(Diagnosis, Check.PORT, values=values)
        if self.is_open and self.is_running is False:
            return say(Status.CRITICAL, "port_taken", *_PORT_TAKEN)
        if self.is_running and not self.is_open:
            return say(Status.CRITICAL, "port_deaf", *_PORT_DEAF)
        if self.is_open:
            return say(Status.OK, "port_serves", N_("Port {port} answers."))
        return say(Status.OK, "port_free", N_("Port {port} is free."))


_PORT_TAKEN: Final = (
    N_("Another program uses port {port}."),
    N_("See which: sudo ss -ltnp 'sport = :{port}'; stop it, or set another {option}."),
)
_PORT_DEAF: Final = (
    N_("The program runs, and nothing answers at port {port}."),
    N_("Restart it; if that does not help, look whether {option} says the port that you expect."),
)


@dataclass(frozen=True, slots=True)
class VersionFact:
    """This program's version, and that of the one which runs; empty if none or it says nothing."""

    own: str
    running: str = ""

    def judge(self) -> Diagnosis:
        """Whether what runs is what is installed."""
        say = partial(Diagnosis, Check.VERSION, values={"own": self.own, "running": self.running})
        if self.running and self.running != self.own:
            return say(Status.WARNING, "version_old", *_VERSION_OLD)
        return say(Status.OK, "version", N_("LopHoc {own}."))


_VERSION_OLD: Final = (
    N_("LopHoc {own} is installed, and {running} is still running."),
    N_("Restart the program, or the computer."),
)


@dataclass(frozen=True, slots=True)
class BrokerFact:
    """The line to the broker, and what came of a greeting there, if it came that far."""

    address: str
    reach: Reach
    greeting: Greeting | None = None

    def judge(self) -> Diagnosis:
        """How far it comes."""
        say = partial(Diagnosis, Check.BROKER, values={"address": self.address})
        match self.reach:
            case Reach.OPEN:
                return self._greeted()
            case Reach.CLOSED:
                return say(Status.CRITICAL, "broker_closed", *_BROKER_CLOSED)
            case Reach.SILENT:
                return say(Status.CRITICAL, "broker_silent", *_BROKER_SILENT)
            case Reach.NO_WAY:
                return say(Status.CRITICAL, "broker_no_way", *_BROKER_NO_WAY)
            case Reach.NAMELESS:
                return say(Status.CRITICAL, "broker_nameless", *_BROKER_NAMELESS)
            case never:
                assert_never(never)

    def _greeted(self) -> Diagnosis:
        say = partial(Diagnosis, values={"address": self.address})
        match self.greeting:
            case None | Greeting.WELCOME:
                text = N_("The server answers at {address}.")
                return say(Check.BROKER, Status.OK, "broker_welcome", text)
            case Greeting.PASSWORD_REFUSED:
                return say(Check.PASSWORD, Status.CRITICAL, "password_refused", *_PASSWORD_REFUSED)
            case Greeting.NOT_BELIEVED:
                return say(Check.CERTIFICATE, Status.CRITICAL, "not_believed", *_NOT_BELIEVED)
            case Greeting.REFUSED:
                return say(Check.BROKER, Status.CRITICAL, "broker_refused", *_BROKER_REFUSED)
            case Greeting.CUT:
                return say(Check.BROKER, Status.CRITICAL, "broker_cut", *_BROKER_CUT)
            case never:
                assert_never(never)


_BROKER_CLOSED: Final = (
    N_("The computer at {address} answers, and no LopHoc server listens there."),
    N_("Start the controller there, and compare the port with its setting mqtt_port."),
)
_BROKER_SILENT: Final = (
    N_("Nothing answers at {address}."),
    N_(
        "Is that computer on, and in this network? If it is, its firewall lets nothing through:"
        " let in the port of its setting mqtt_port."
    ),
)
_BROKER_NO_WAY: Final = (
    N_("There is no way from here to {address}."),
    N_("Look at this computer's cable or Wi-Fi, and whether it is in the school's network."),
)
_BROKER_NAMELESS: Final = (
    N_("The name in {address} is not known in this network."),
    N_("Write the server's address in numbers, or have the name put into the school's DNS."),
)
_PASSWORD_REFUSED: Final = (
    N_("The server at {address} refuses the password."),
    N_("Give a new one on the server (lophoc-controller agents add), and write it here."),
)
_NOT_BELIEVED: Final = (
    N_("What answers at {address} is not the server that this program was given."),
    N_("Do not write any password there. Compare the certificate with tls/ca.pem on the server."),
)
_BROKER_REFUSED: Final = (
    N_("The server at {address} answers, and refuses."),
    N_("Look at its page Connections: it says why."),
)
_BROKER_CUT: Final = (
    N_("The line to {address} is cut before any answer."),
    N_("Compare the settings: one side speaks encrypted (mqtts), the other does not."),
)


@dataclass(frozen=True, slots=True)
class NoBrokerFact:
    """No broker is in the settings: it is looked for in the network."""

    def judge(self) -> Diagnosis:
        """How it is found then."""
        text = N_("No server is in the settings: it is looked for in the network by itself.")
        return Diagnosis(Check.BROKER, Status.OK, "broker_sought", text)


@dataclass(frozen=True, slots=True)
class NameFact:
    """Whether a name on the network is looked up. is_needed: records or copies go there."""

    host: str
    is_found: bool
    is_needed: bool

    def judge(self) -> Diagnosis:
        """Whether it is found, and whether that matters."""
        say = partial(Diagnosis, Check.NAMES, values={"host": self.host})
        if self.is_found:
            return say(Status.OK, "name_found", N_("The name {host} is found."))
        if self.is_needed:
            return say(Status.CRITICAL, "name_unknown", *_NAME_UNKNOWN)
        text = N_("Names on the internet are not found; lessons go on without it.")
        return say(Status.OK, "internet_nameless", text)


_NAME_UNKNOWN: Final = (
    N_("The name {host} is not found."),
    N_("Look at the network's DNS server, or write the address in numbers."),
)


@dataclass(frozen=True, slots=True)
class FirewallFact:
    """A firewall here, and whether it lets a port's callers in; None: not to be seen."""

    program: str
    port: int
    lets_in: bool | None
    command: str

    def judge(self) -> Diagnosis:
        """Whether rooms and screens come through."""
        values = {"program": self.program, "port": str(self.port), "command": self.command}
        say = partial(Diagnosis, Check.FIREWALL, values=values)
        match self.lets_in:
            case True if not self.program:
                return say(Status.OK, "firewall_none", N_("No firewall was found here."))
            case True:
                text = N_("The firewall {program} lets port {port} through.")
                return say(Status.OK, "firewall_open", text)
            case False:
                return say(Status.CRITICAL, "firewall_shut", *_FIREWALL_SHUT)
            case None:
                return say(Status.UNKNOWN, "firewall_unseen", *_FIREWALL_UNSEEN)
            case never:
                assert_never(never)


_FIREWALL_SHUT: Final = (
    N_("The firewall {program} lets nobody through to port {port}."),
    N_("Open it: {command}"),
)
_FIREWALL_UNSEEN: Final = (
    N_("A firewall, {program}, works here; whether it lets port {port} through cannot be seen."),
    N_("Run this as root to see it; to open the port: {command}"),
)


@dataclass(frozen=True, slots=True)
class AdministratorsFact:
    """How many administrators can log in, and whether a link waits that makes one."""

    administrators: int
    is_link_open: bool

    def judge(self) -> Diagnosis:
        """Whether somebody can look after this server."""
        say = partial(Diagnosis, Check.PEOPLE, values={"administrators": self.administrators})
        if self.administrators:
            text = N_("Administrators who can log in: {administrators}.")
            return say(Status.OK, "administrator_there", text)
        words = _ADMINISTRATOR_WAITED_FOR if self.is_link_open else _ADMINISTRATOR_ABSENT
        return say(Status.CRITICAL, "administrator_absent", *words)


_ADMINISTRATOR_ABSENT: Final = (
    N_("No administrator can log in."),
    N_("Make a link for one: lophoc-controller password setup-link"),
)
_ADMINISTRATOR_WAITED_FOR: Final = (
    N_("No administrator can log in yet; the link for the first one is not used."),
    N_("Use it, or make another: lophoc-controller password setup-link"),
)


@dataclass(frozen=True, slots=True)
class InvitationsFact:
    """Accounts without a password: how many have a link that waits, and how many an old one."""

    waiting: int
    over: int

    def judge(self) -> Diagnosis:
        """Whether somebody was invited and never came."""
        say = partial(Diagnosis, Check.PEOPLE, values={"waiting": self.waiting, "over": self.over})
        if self.over:
            return say(Status.WARNING, "links_over", *_LINKS_OVER)
        if self.waiting:
            return say(Status.OK, "links_waiting", N_("Links that wait to be used: {waiting}."))
        return say(Status.OK, "links_none", N_("Every account has its password."))


_LINKS_OVER: Final = (
    N_("Accounts whose link was not used in time: {over}."),
    N_("Invite them again, or end these accounts, on the page Accounts."),
)


@dataclass(frozen=True, slots=True)
class TokensFact:
    """Tokens of programs. left_ms: until the first of those in use ends; None without any."""

    good: int
    left_ms: int | None

    def judge(self) -> Diagnosis:
        """Whether a program will soon be refused."""
        days = (self.left_ms or 0) // DAY_MS
        say = partial(Diagnosis, Check.PEOPLE, values={"tokens": self.good, "days": days})
        if self.left_ms is None:
            return say(Status.OK, "tokens_none", N_("No program has a token."))
        if self.left_ms < TOKEN_SOON_MS:
            return say(Status.WARNING, "tokens_ending", *_TOKENS_ENDING)
        return say(Status.OK, "tokens_good", N_("Tokens that are good: {tokens}."))


_TOKENS_ENDING: Final = (
    N_("A program's token ends in {days} {days:day|days}."),
    N_("Make another in time: lophoc-controller token list, then token create"),
)


@dataclass(frozen=True, slots=True)
class CertificateFact:
    """A certificate, and until when it is good."""

    paper: Paper
    path: str = ""
    until_ms: int = 0
    now_ms: int = 0

    def judge(self) -> Diagnosis:
        """Whether others can believe it, and for how long."""
        match self.paper:
            case Paper.SOUND:
                return self._dated()
            case Paper.ABSENT:
                text = N_("There is none: what is said goes unencrypted.")
                return self._say(Status.WARNING, "certificate_absent", (text, _ENCRYPT))
            case Paper.UNREADABLE:
                return self._say(Status.CRITICAL, "certificate_unreadable", _CERTIFICATE_UNREADABLE)
            case Paper.KEY_ABSENT:
                return self._say(Status.CRITICAL, "certificate_keyless", _CERTIFICATE_KEYLESS)
            case Paper.KEY_FOREIGN:
                return self._say(Status.CRITICAL, "certificate_foreign", _CERTIFICATE_FOREIGN)
            case never:
                assert_never(never)

    def _dated(self) -> Diagnosis:
        left_ms = self.until_ms - self.now_ms
        if left_ms <= 0:
            return self._say(Status.CRITICAL, "certificate_expired", _CERTIFICATE_EXPIRED)
        if left_ms < EXPIRES_SOON_MS:
            return self._say(Status.WARNING, "certificate_expires", _CERTIFICATE_EXPIRES)
        text = N_("The certificate {path} is good until {day}.")
        return self._say(Status.OK, "certificate_good", (text, ""))

    def _say(self, status: Status, code: str, words: tuple[str, str]) -> Diagnosis:
        values = {"path": self.path, "day": instant(self.until_ms).date()}
        return Diagnosis(Check.CERTIFICATE, status, code, *words, values)


_ENCRYPT: Final = N_(
    "Enrol this computer: type the code of the controller's page “Add a room” on LopHoc's page."
)
_CERTIFICATE_UNREADABLE: Final = (
    N_("The certificate {path} cannot be read."),
    N_("Look at the file's owner, or bring it back from a copy of the server's folder."),
)
_CERTIFICATE_KEYLESS: Final = (
    N_("The key that belongs to the certificate {path} is gone."),
    N_("Restore the folder from a copy; without it every room must be enrolled again."),
)
_CERTIFICATE_FOREIGN: Final = (
    N_("The key beside the certificate {path} belongs to another one."),
    N_("Restore the folder tls whole from one copy."),
)
_CERTIFICATE_EXPIRED: Final = (
    N_("The certificate {path} was good until {day}."),
    N_("Is the clock right? Else have a new one made, and bring it to each computer."),
)
_CERTIFICATE_EXPIRES: Final = (
    N_("The certificate {path} is good until {day} only."),
    N_("Have a new one made, and bring it to each computer before that day."),
)


@dataclass(frozen=True, slots=True)
class CopiesFact:
    """The copies elsewhere. age_ms: of the newest, None if there is none."""

    is_set_up: bool
    age_ms: int | None = None
    is_test_failed: bool = False

    def judge(self) -> Diagnosis:
        """Whether the school could be brought back from elsewhere."""
        values = {"hours": None if self.age_ms is None else self.age_ms // HOUR_MS}
        say = partial(Diagnosis, Check.COPIES, values=values)
        if not self.is_set_up:
            return say(Status.WARNING, "copies_unset", *_COPIES_UNSET)
        if self.age_ms is None:
            return say(Status.WARNING, "copies_none", *_COPIES_OLD_NONE)
        if self.is_test_failed:
            return say(Status.WARNING, "copies_untested", *_COPIES_UNTESTED)
        if self.age_ms > COPY_OLD_MS:
            status = Status.CRITICAL if self.age_ms > COPY_VERY_OLD_MS else Status.WARNING
            return say(status, "copies_old", *_COPIES_OLD)
        return say(
            Status.OK, "copies_fresh", N_("The last copy is {hours} {hours:hour|hours} old.")
        )


_COPIES_UNSET: Final = (
    N_("There is no copy of this school's data in another place."),
    N_("Prepare one: lophoc-controller backup --to FOLDER, and name it in the setting copies."),
)
_COPIES_OLD_NONE: Final = (
    N_("No copy has been made in another place yet."),
    N_("Look at the page Copies: it says why."),
)
_COPIES_UNTESTED: Final = (
    N_("The last test of restoring from a copy failed."),
    N_("Look at the page Copies: it says why."),
)
_COPIES_OLD: Final = (
    N_("The last copy is {hours} {hours:hour|hours} old."),
    N_("Is the stick plugged in, the share reachable? The page Copies says why."),
)


@dataclass(frozen=True, slots=True)
class TroubleFact:
    """What stopped a look, in an error's own words."""

    check: Check
    error: LopHocError

    def judge(self) -> Diagnosis:
        """What the error says."""
        error = self.error
        status, code = Status.CRITICAL, error.code
        return Diagnosis(self.check, status, code, error.message, error.hint, error.values)


@dataclass(frozen=True, slots=True)
class UnseenFact:
    """What could not be looked at: it took too long, or the system refused (cause)."""

    check: Check
    cause: str = ""

    def judge(self) -> Diagnosis:
        """That it is not known."""
        say = partial(Diagnosis, self.check, Status.UNKNOWN, values={"cause": self.cause})
        if self.cause:
            return say("unseen", N_("This could not be looked at: {cause}."))
        return say("too_slow", N_("This could not be looked at in these seconds."))
