"""The teacher's page in a real browser, before an agent that plays one lesson."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial

import httpx
import pytest

from tests.agent.teacher_school import TeacherSchool, pupils
from tests.axe import violations
from tests.browser import LAPTOP, PHONE, UPRIGHT, Page, Profile, opened_tab
from tests.tiers import wide
from tests.waiting import calm_s, until
from tests.web import http_request

BIG = "document.getElementById('big')"
USABLE = f"!{BIG}.hidden && {BIG}.getAttribute('aria-disabled') === null"
ROW = '.pupil[data-key="{}"]'
AWAY_S = 5.0
# Pupils whose number does not stand before the name, or the mark's letter not after it.
OVERLAPPING = """[...document.querySelectorAll('.pupil')].filter((each) => {
    const [number, name, letter] = ['.number', '.name', '.letter'].map(
        (part) => each.querySelector(part).getBoundingClientRect());
    return number.right > name.left || (letter.width && letter.left < name.right);
}).map((each) => each.dataset.key)"""


# Where each pupil stands: the page's own place, whatever is scrolled.
PLACES = """[...document.querySelectorAll('.pupil')].map((row) => {
    const {x, y, width, height} = row.getBoundingClientRect();
    return [row.dataset.key, x + scrollX, y + scrollY, width, height];
})"""
# The pupils that a finger would meet now, and where.
IN_SIGHT = """[...document.querySelectorAll('.pupil')].map((row) => {
    const {x, y, width, height} = row.getBoundingClientRect();
    return [row.dataset.key, x + width / 2, y + height / 2];
}).filter(([key, x, y]) => document.elementFromPoint(x, y)?.closest('.pupil')?.dataset.key === key
    && !document.elementFromPoint(x, y).closest('.more'))"""
SHOWN = "[...document.querySelectorAll('.pupil')].map((row) => row.dataset.key)"


# What a finger cannot meet well, or whose words are cut: buttons, links and fields in sight.
CRAMPED = """[...document.querySelectorAll('main :is(button, input, select, .tools a)')].filter(
    (one) => one.checkVisibility() && (one.offsetHeight < 36
        || one.scrollHeight > one.clientHeight + 1 || one.scrollWidth > one.clientWidth + 1)
).map((one) => one.id || one.className || one.textContent)"""


PEOPLE = [
    {"teacher": "gv-lan222", "name": "Lê Thị Lan", "expected": True},
    {"teacher": "gv-hai222", "name": "Nguyễn Văn Hải", "expected": False},
]
ASKED = "document.getElementById('proof-dialog')?.open"
CLOSE, WITHOUT, PROVEN = "123"  # the dialog's buttons, in their order
EARLIER = """document.querySelector('.corrections [data-key="{}"] select')"""


class TeacherPage(Page):
    """The page, once it shows the agent's view."""

    ready = "document.body.dataset.link === 'here'"

    def big(self, label: str) -> None:
        """Click the big button, once it says this."""
        self.wait(f"{BIG}.textContent === '{label}' && {USABLE}")
        self.click("#big")

    def tap_at(self, x: float, y: float) -> None:
        """Put a finger there, whatever is there now."""
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def enter(self, is_done: Callable[[], bool]) -> bool:
        """Press Enter unless it is done; again where the page held the agent for away just then.

        A press that counts makes its button unusable until it is answered.
        """
        if not is_done() and self.see(USABLE) and not is_done():
            self.press("Enter")
        return is_done()

    def says(self, selector: str, words: str) -> None:
        """Wait until an element says this."""
        self.wait(f"document.querySelector('{selector}')?.textContent === '{words}'")


@pytest.fixture
def page(browser: Profile) -> Iterator[TeacherPage]:
    """A fresh tab."""
    with opened_tab(browser, TeacherPage) as tab:
        yield tab


@pytest.fixture
def school() -> Iterator[TeacherSchool]:
    """The agent of a room on an ordinary morning."""
    with TeacherSchool() as served:
        yield served


def last_was(school: TeacherSchool, path: str) -> bool:
    """Whether the last thing that the agent was told is this."""
    return bool(school.posts) and school.posts[-1][0].endswith(path)


def to(page: TeacherPage, phase: str) -> None:
    """Lead the lesson to a phase by its big button."""
    steps = ["Bắt đầu tiết học", "Xác nhận điểm danh", "Kết thúc tiết học"]
    for label in steps[: ("idle", "running", "confirmed", "ended").index(phase)]:
        page.big(label)
    page.wait(USABLE)


def test_a_whole_lesson_is_three_clicks_in_vietnamese(
    page: TeacherPage, school: TeacherSchool
) -> None:
    """Start, confirm, end; nothing is typed, nothing is asked, nothing comes from elsewhere."""
    page.open(school.url)
    page.says("#headline", "Sẵn sàng")
    page.big("Bắt đầu tiết học")
    page.says("#headline", "Đang học")
    page.says("#counts", "42/42/0")
    page.big("Xác nhận điểm danh")
    page.big("Kết thúc tiết học")
    page.says("#headline", "Đã hết tiết")
    page.says("#logbook-line", "Tiết 1 · Toán · 10A1 · Vắng: 07 (K)")
    assert school.posts == [
        ("/api/v1/lesson/start", {}),
        ("/api/v1/roll/confirm", {}),
        ("/api/v1/lesson/end", {}),
    ]
    fields = "[...document.querySelectorAll('input, textarea, select')].map((each) => each.id)"
    assert page.see(fields) == ["find"]
    assert page.see("document.documentElement.lang") == "vi"
    assert all(each.startswith(school.url) for each in page.requests)
    assert page.errors == []


def test_a_tap_marks_absent_another_mark_is_one_more_tap(
    page: TeacherPage, school: TeacherSchool
) -> None:
    """The counts follow; a tap on the open pupil takes the mark back."""
    page.open(school.url)
    to(page, "running")
    row = ROW.format("10A1-07")
    page.click(f"{row} > button")
    page.says("#counts", "42/41/1")
    page.says(f"{row} .letter", "K")
    page.click(f'{row} .marks [data-key="late"]')
    page.says("#counts", "42/42/0")
    page.says(f"{row} .letter", "M")
    page.click(f"{row} > button")
    page.wait(f"document.querySelector('{row}').dataset.status === 'present'")

    def marked() -> list[object]:
        return [each["status"] for path, each in school.posts if path.endswith("mark")]

    until(marked, "each is told", holds=["absent_unexcused", "late", "present"].__eq__)


@pytest.mark.parametrize(
    "size", [PHONE, *wide((LAPTOP,), (UPRIGHT,))], ids=["phone", "laptop", "upright"]
)
def test_nothing_moves_under_a_hurried_finger(
    page: TeacherPage, school: TeacherSchool, size: tuple[int, int]
) -> None:
    """Places that were aimed at before the first tap are the same pupils' at the last one.

    Five taps a second or more, each on the neighbour of the one before; answers come late.
    """
    page.open(school.url, *size)
    to(page, "running")
    page.wait("document.querySelectorAll('.pupil').length === 42")
    before = page.see(PLACES)
    aimed = page.see(IN_SIGHT)[:6]
    assert len(aimed) == 6
    school.pause_s = 0.3
    for _student, x, y in aimed:
        page.tap_at(x, y)
    page.says("#counts", "42/36/6")
    assert page.see(PLACES) == before
    until(lambda: len(school.posts) == 7, "every tap is told")
    told = [(each["student"], each["status"]) for _, each in school.posts[1:]]
    assert told == [(student, "absent_unexcused") for student, _x, _y in aimed]
    page.click(f'{ROW.format(aimed[-1][0])} .marks [data-key="late"]')
    page.says("#counts", "42/37/5")
    assert page.see(PLACES) == before
    until(lambda: len(school.posts) == 8, "the other mark is told")
    marked = {each["student"] for each in school.lines if each["status"] == "absent_unexcused"}
    assert marked == {student for student, _x, _y in aimed[:-1]}


def test_a_confirmation_never_overtakes_a_mark(page: TeacherPage, school: TeacherSchool) -> None:
    """What was tapped before it is told before it, however slow the agent answers."""
    page.open(school.url)
    to(page, "running")
    school.pause_s = 0.3
    page.click(f"{ROW.format('10A1-04')} > button")
    page.click(f"{ROW.format('10A1-05')} > button")
    page.click("#big")
    page.says("#big", "Kết thúc tiết học")
    paths = [path.removeprefix("/api/v1/") for path, _ in school.posts]
    assert paths == ["lesson/start", "roll/mark", "roll/mark", "roll/confirm"]


def test_a_lesson_of_before_is_confirmed_from_the_list_and_doubts_are_told(
    page: TeacherPage, school: TeacherSchool
) -> None:
    """By its own name, so that the running one stays as it is; what disagrees stands before it."""
    meant = {"lesson": "l1", "running": False, "confirmed": False, "list": "v1"}
    owed = {"lesson": "l1", "title": "6A1 · Tiết 1", "text": "42/41/1", "words": "chưa xác nhận"}
    owed |= {"has_roll": True, "confirmed": False, "running": False, "meant": meant}
    school.more = {"lessons": [owed], "meant": {**meant, "lesson": "l2"}}
    school.checks = [{"code": "unseen", "students": ["10A1-07"], "sentence": "Số 7 chưa thấy."}]
    page.open(school.url)
    to(page, "running")
    page.says("#owed bdi", "6A1 · Tiết 1 · 42/41/1 · chưa xác nhận")
    page.says("#hint", "Số 7 chưa thấy.")
    page.says("#checks bdi", "Số 7 chưa thấy.")
    for width, _ in page.at_each_size():
        assert violations(page) == []
        assert page.see("document.documentElement.scrollWidth") <= width
    page.click("#owed button")
    until(lambda: len(school.posts) == 2, "it is told")
    assert school.posts == [
        ("/api/v1/lesson/start", {"meant": {**meant, "lesson": "l2"}}),
        ("/api/v1/roll/confirm", {"meant": meant}),
    ]


def test_cards_that_may_be_two_pupils_are_chosen_before_confirming(
    page: TeacherPage, school: TeacherSchool
) -> None:
    """Asked where the roll is confirmed; a whole class at once, and those left one by one."""

    def candidate(code: str, number: int) -> dict[str, str]:
        return {"student": f"{code}-{number:02}", "class_code": code, "name": "Trần Thị Bình"}

    school.lines = pupils("10A1", "10A2")
    school.checks = [{"code": "doubted", "sentence": "Thẻ 7, 8.", "screen": "doubts"}]
    school.doubts = [
        {
            "number": number,
            "repeated": number == 8,
            "chosen": None,
            "candidates": [candidate("10A1", number), candidate("10A2", number)],
        }
        for number in (7, 8)
    ]
    page.open(school.url)
    to(page, "running")
    page.says("#checks bdi", "Thẻ 7, 8.")
    page.click("#checks button")
    page.says("#doubts-title", "Những thẻ này của ai?")
    for width, _ in page.at_each_size():
        assert violations(page) == []
        assert page.see("document.documentElement.scrollWidth") <= width
    page.click("#doubts-dialog .options [data-key='10A2']")
    page.wait("document.querySelector('[aria-pressed=true][data-key=\"10A2-07\"]')")
    page.click("#doubts-dialog [data-key='10A1-08,10A2-08']")
    page.wait("!document.getElementById('doubts-dialog').open")
    assert [told["answers"] for path, told in school.posts if path.endswith("settle")] == [
        [{"number": 7, "students": ["10A2-07"]}],
        [{"number": 8, "students": ["10A1-08", "10A2-08"]}],
    ]


def test_a_carried_laptop_chooses_any_room_of_the_school(
    page: TeacherPage, school: TeacherSchool
) -> None:
    """Found by its name or by the class that learns there now; the likeliest stand first."""
    rooms = [{"room": f"P{number}", "words": ""} for number in range(101, 150)]
    rooms[0]["words"], rooms[1]["words"] = "10A1 + 10A2 · dùng gần đây", "11B2"
    school.more = {"roaming": True, "pick_room": True, "room": "?", "room_choice": rooms}
    page.open(school.url)
    page.says("#rd-title", "Đây là phòng nào?")
    for width, _ in page.at_each_size():
        assert violations(page) == []
        assert page.see("document.documentElement.scrollWidth") <= width
    page.see("document.querySelector('#rooms-dialog input').focus()")
    page.call("Input.insertText", text="11b")
    page.wait("document.querySelectorAll('#rooms button').length === 1")
    page.click("#rooms [data-key='P102']")
    until(lambda: school.posts, "it is told")
    assert school.posts == [("/api/v1/room", {"room": "P102"})]


def test_a_teacher_confirms_by_a_pin_where_the_school_asks(
    page: TeacherPage, school: TeacherSchool
) -> None:
    """The timetable's teacher is chosen already; who forgot the PIN confirms without one."""
    school.more = {"asks": True, "teachers": PEOPLE}
    page.open(school.url)
    to(page, "running")
    page.click("#big")
    page.says("#proof-title", "Ai xác nhận?")
    for width, _ in page.at_each_size():
        assert violations(page) == []
        assert page.see("document.documentElement.scrollWidth") <= width
    page.wait("document.activeElement.id === 'proof-pin'")
    page.call("Input.insertText", text="40718")
    page.press("Enter")
    page.wait(f"!{ASKED}")
    page.click("#undo")
    page.says("#proof-title", "Ai hoàn tác?")
    answer(page, WITHOUT)
    page.big("Xác nhận điểm danh")
    answer(page, WITHOUT)
    assert ("/api/v1/undo", {"teacher": "gv-lan222"}) in school.posts
    told = [body for path, body in school.posts if path.endswith("confirm")]
    assert told == [{"teacher": "gv-lan222", "pin": "40718"}, {"teacher": "gv-lan222"}]
    assert page.see("document.getElementById('proof-pin').value") == ""
    assert not any("40718" in each for each in page.requests)


def test_whose_word_a_correction_is_is_asked_before_it_is_shown(
    page: TeacherPage, school: TeacherSchool
) -> None:
    """By PIN, or without; closed, nothing is changed; what takes it back is asked for alike."""
    school.more = {"asks": True, "teachers": PEOPLE}
    page.open(school.url)
    to(page, "running")
    page.big("Xác nhận điểm danh")
    answer(page, WITHOUT)
    page.wait(USABLE)
    row = ROW.format("10A1-07")
    stands = f"document.querySelector('{row}').dataset.status"

    def correct(status: str) -> None:
        if page.see(f"document.querySelector('{row} .more').hidden"):
            page.click(f"{row} > button")
            page.wait(f"document.querySelectorAll('{row} .marks button').length === 5")
        page.click(f'{row} .marks [data-key="{status}"]')
        page.wait(ASKED)
        page.says("#proof-title", "Ai sửa?")

    correct("late")
    for width, _ in page.at_each_size():
        assert violations(page) == []
        assert page.see("document.documentElement.scrollWidth") <= width
    assert page.see("document.querySelector('#proof-dialog > p').textContent").endswith("M Đi muộn")
    answer(page, CLOSE)
    assert page.see(stands) == "present"
    correct("late")
    page.wait("document.activeElement.id === 'proof-pin'")
    page.call("Input.insertText", text="40718")
    answer(page, PROVEN)
    page.wait(f"{stands} === 'late'")
    page.click("#undo")
    answer(page, WITHOUT)
    page.wait(f"{stands} === 'present'")
    assert marks_told(school) == [
        ("10A1-07", "late", "gv-lan222", "40718"),
        ("10A1-07", "present", "gv-lan222", None),
    ]
    assert not any("40718" in each for each in page.requests)
    assert page.errors == []


def test_a_correction_of_a_lesson_of_before_is_asked_of_its_own_teacher(
    page: TeacherPage, school: TeacherSchool
) -> None:
    """Whose that lesson was is chosen already; closed, the mark stands as it was."""
    school.more = {"asks": True, "teachers": PEOPLE}
    school.keep_earlier("l1", "6A1 · Tiết 1", confirmed=True)
    page.open(school.url)
    page.click("#earlier")
    page.click('#earlier-dialog [data-key="l1"] button')
    for button in (CLOSE, WITHOUT):
        choose(page, "6A1-03", "late")
        page.wait(f"{ASKED} && document.getElementById('proof-who').value === 'gv-hai222'")
        answer(page, button)
        if button == CLOSE:
            page.wait(f"{EARLIER.format('6A1-03')}.value === 'present'")
    page.wait(f"{EARLIER.format('6A1-03')}.closest('li').innerText.includes('thầy/cô sửa')")
    assert marks_told(school) == [("6A1-03", "late", "gv-hai222", None)]
    assert page.errors == []


def answer(page: TeacherPage, button: str) -> None:
    """Answer whose word it is, by a button of the dialog."""
    page.wait(ASKED)
    page.click(f"#proof-dialog .foot button:nth-child({button})")
    page.wait(f"!{ASKED}")


def marks_told(school: TeacherSchool) -> list[tuple[object, ...]]:
    """Each mark that was told, and by whose word."""
    return [
        (told["student"], told["status"], told.get("teacher"), told.get("pin"))
        for path, told in school.posts
        if path.endswith("mark")
    ]


def test_an_earlier_lesson_is_corrected_and_another_confirmed_on_a_phone(
    page: TeacherPage, school: TeacherSchool
) -> None:
    """Reached above the roll; each mark names its lesson, and the running one stays as it is."""
    school.keep_earlier("l1", "6A1 · Tiết 1", confirmed=True)
    school.keep_earlier("l2", "6A1 · Tiết 2", confirmed=False)
    page.open(school.url, *PHONE)
    to(page, "running")
    page.says("#earlier", "Các tiết trước · 1 tiết chưa xác nhận")
    page.see("scrollTo(0, 0)")
    assert len(page.see(IN_SIGHT)) >= 4
    top = "document.querySelector('{}').getBoundingClientRect().top"
    assert page.see(top.format("#earlier")) < page.see(top.format("#roll"))
    page.click("#earlier")
    page.click('#earlier-dialog [data-key="l1"] button')
    choose(page, "6A1-03", "absent_excused")
    page.wait(f"{EARLIER.format('6A1-03')}.closest('li').innerText.includes('thầy/cô sửa')")
    page.says("#earlier-title", "6A1 · Tiết 1")
    for width, _ in page.at_each_size():
        assert violations(page) == []
        assert page.see("document.documentElement.scrollWidth") <= width
    box = "document.getElementById('earlier-dialog')"
    assert page.see(f"{box}.scrollWidth <= {box}.clientWidth")
    buttons = "#earlier-dialog .foot button"
    assert page.see(f"document.querySelector('{buttons}').hidden")
    page.click(f"{buttons}:nth-child(2)")
    page.click('#earlier-dialog [data-key="l2"] button')
    choose(page, "6A1-02", "late")
    page.click(f"{buttons}:first-child")
    page.says("#earlier", "Các tiết trước")
    page.wait(f"document.querySelector('{buttons}').hidden")
    told = [(path.rpartition("/")[2], body["meant"]["lesson"]) for path, body in school.posts[1:]]
    assert told == [("mark", "l1"), ("mark", "l2"), ("confirm", "l2")]
    assert (school.phase, school.confirmed) == ("running", False)
    assert page.errors == []


def test_what_is_refused_of_an_earlier_lesson_is_told_and_the_roll_stands_as_it_is(
    page: TeacherPage, school: TeacherSchool
) -> None:
    """The agent's word stands before the list, and the choice is the agent's again."""
    school.keep_earlier("l1", "6A1 · Tiết 1", confirmed=True)
    page.open(school.url)
    page.click("#earlier")
    page.click('#earlier-dialog [data-key="l1"] button')
    page.wait(EARLIER.format("6A1-03"))
    school.refusal = "Danh sách đã đổi."
    choose(page, "6A1-03", "late")
    page.says("#earlier-dialog .refusal", "Danh sách đã đổi.")
    page.wait(f"{EARLIER.format('6A1-03')}.value === 'present'")


def choose(page: TeacherPage, student: str, status: str) -> None:
    """Choose a pupil's mark as a person does with the browser's own list."""
    select = EARLIER.format(student)
    page.wait(select)
    page.see(f"{select}.value = '{status}'")
    page.see(f"{select}.dispatchEvent(new Event('change', {{bubbles: true}}))")
    page.wait(f"{select}.value === '{status}' || document.querySelector('.refusal').textContent")


def test_several_taps_are_taken_back_one_by_one(page: TeacherPage, school: TeacherSchool) -> None:
    """The newest first, by the pupil's number."""
    page.open(school.url)
    to(page, "running")
    for student in ("10A1-03", "10A1-02"):
        page.click(f"{ROW.format(student)} > button")
    page.click(f'{ROW.format("10A1-02")} .marks [data-key="late"]')
    page.says("#counts", "42/41/1")
    for words, counts in (("2", "42/40/2"), ("2", "42/41/1"), ("3", "42/42/0")):
        page.says("#undo-words", f"Hoàn tác số {words}")
        page.click("#undo")
        page.says("#counts", counts)
    page.wait("document.getElementById('undo').hidden")  # the start is none after a mark (0079)
    assert "/api/v1/undo" not in [path for path, _ in school.posts]


def test_a_pupil_is_found_by_number_and_by_a_name_without_tones(
    page: TeacherPage, school: TeacherSchool
) -> None:
    """Whoever is typed for alone is shown, and all again when the field is empty."""
    page.open(school.url)
    to(page, "running")
    for typed, students in (("42", ["10A1-42"]), ("DANG VAN", ["10A1-06"])):
        page.see(f"document.getElementById('find').value = {json.dumps(typed)}")
        page.see("document.getElementById('find').dispatchEvent(new Event('input'))")
        assert page.see(SHOWN) == students
    page.see("document.getElementById('find').value = ''")
    page.see("document.getElementById('find').dispatchEvent(new Event('input'))")
    assert len(page.see(SHOWN)) == 42


def test_the_display_is_chosen_once_and_nothing_shouts_by_itself(
    page: TeacherPage, school: TeacherSchool
) -> None:
    """Larger, in high contrast, with a flash at a check-in: each off until chosen, then kept."""
    ways = "['large', 'contrast', 'sound', 'flash'].filter((way) => way in {DATA})"
    ways = ways.replace("{DATA}", "document.documentElement.dataset")
    page.open(school.url)
    to(page, "running")
    assert page.see(ways) == []
    page.click("#display")
    for way in ("large", "contrast", "flash"):
        page.click(f"#display-{way}")
    page.press("Escape")
    assert page.see(ways) == ["large", "contrast", "flash"]
    page.open(school.url)
    assert page.see(ways) == ["large", "contrast", "flash"]
    for width, height in page.at_each_size():
        assert violations(page) == []
        assert page.see("document.documentElement.scrollWidth") <= width
        assert page.see(f"{BIG}.getBoundingClientRect().bottom") <= height
    school.lines[6] |= {"suggested": "seen", "words": "Máy 07 · 07:20"}
    school.change()
    page.wait(f"'seen' in document.querySelector('{ROW.format('10A1-07')}').dataset")


def test_the_first_pupil_stands_above_the_fold_of_a_phone(
    page: TeacherPage, school: TeacherSchool
) -> None:
    """With a board that is missing, too: four pupils and more before anybody scrolls."""
    school.gaps = {"sentence": "Chưa thấy bảng.", "todo": "Thầy/cô bật công tắc bảng giúp."}
    page.open(school.url, *PHONE)
    to(page, "running")
    page.wait("document.querySelectorAll('.pupil').length === 42")
    page.see("scrollTo(0, 0)")
    assert len(page.see(IN_SIGHT)) >= 4


def test_the_day_and_the_agents_clock_stand_on_the_page(
    page: TeacherPage, school: TeacherSchool
) -> None:
    """By the agent's clock, whatever this browser believes."""
    page.open(school.url)
    page.wait(r"/\d\d:\d\d.*\d\d\/\d\d\/\d{4}/.test(document.getElementById('clock').textContent)")


def test_after_the_confirmation_a_tap_only_offers_and_a_correction_is_kept(
    page: TeacherPage, school: TeacherSchool
) -> None:
    """Who and when stand under the pupil; undo takes the correction back."""
    page.open(school.url)
    to(page, "confirmed")
    row = ROW.format("10A1-03")
    page.click(f"{row} > button")
    page.wait(f"document.querySelectorAll('{row} .marks button').length === 5")
    assert [path for path, _ in school.posts][-1] == "/api/v1/roll/confirm"
    page.click(f'{row} .marks [data-key="absent_excused"]')
    page.says("#counts", "42/41/1")
    page.wait(f"document.querySelector('{row} .history').textContent.includes('thầy/cô sửa')")
    page.click("#undo")
    page.says("#counts", "42/42/0")
    page.wait("document.getElementById('undo').hidden")


def test_corrections_are_taken_back_one_by_one(page: TeacherPage, school: TeacherSchool) -> None:
    """The newest first, each by one more correction; what was tapped before stays confirmed."""
    page.open(school.url)
    to(page, "running")
    page.click(f"{ROW.format('10A1-05')} > button")
    page.says("#undo-words", "Hoàn tác số 5")
    page.big("Xác nhận điểm danh")
    page.says("#undo-words", "Hoàn tác")
    page.wait(USABLE)
    for student, counts in (("10A1-03", "42/40/2"), ("10A1-02", "42/39/3")):
        row = ROW.format(student)
        page.click(f"{row} > button")
        page.click(f'{row} .marks [data-key="absent_excused"]')
        page.says("#counts", counts)
    for number, counts in ((2, "42/40/2"), (3, "42/41/1")):
        page.says("#undo-words", f"Hoàn tác số {number}")
        page.click("#undo")
        page.says("#counts", counts)
    page.wait("document.getElementById('undo').hidden")  # nothing undoes the undoing

    def marks() -> list[tuple[str, str]]:
        return [(told["student"], told["status"]) for path, told in school.posts if "mark" in path]

    until(lambda: len(marks()) == 5, "what is pressed is shown at once, and sent behind it")
    corrected = [("10A1-03", "absent_excused"), ("10A1-02", "absent_excused")]
    assert marks()[1:] == [*corrected, ("10A1-02", "present"), ("10A1-03", "present")]
    assert not any(path.endswith("undo") for path, _ in school.posts)


def test_a_double_click_acts_once(page: TeacherPage, school: TeacherSchool) -> None:
    """What starts the lesson does not confirm its roll too."""
    page.open(school.url, *PHONE)  # where the button stays in its place
    place = page.resting_place("#big")
    page.click("#big", times=2)
    page.tap_at(*place)
    page.wait(f"{BIG}.textContent === 'Xác nhận điểm danh' && {USABLE}")
    assert [path for path, _ in school.posts] == ["/api/v1/lesson/start"]


def test_undo_counts_down_and_goes(page: TeacherPage, school: TeacherSchool) -> None:
    """The start is taken back within ten seconds."""
    page.open(school.url)
    page.big("Bắt đầu tiết học")
    page.wait("document.getElementById('undo-left').textContent.match(/^\\([789]\\)$/)")
    page.click("#undo")
    page.says("#headline", "Sẵn sàng")


def test_an_agent_that_ends_is_told_and_found_again(
    page: TeacherPage, school: TeacherSchool
) -> None:
    """Within five seconds, with the last state kept, each pupil's place too; it comes back."""
    page.open(school.url)
    to(page, "running")
    page.see("window.mark = 1")
    places = page.see(PLACES)
    school.stop()
    page.wait("!document.getElementById('away').hidden", AWAY_S)
    assert page.see(PLACES) == places
    assert page.see("document.querySelectorAll('.pupil').length") == 42
    assert page.see(f"{BIG}.getAttribute('aria-disabled')") == "true"
    school.rev = 0
    school.start()
    page.wait("document.getElementById('away').hidden")
    page.wait(USABLE)
    assert page.see(PLACES) == places
    assert page.see("window.mark") == 1


def test_an_agent_that_hangs_is_told_too(page: TeacherPage, school: TeacherSchool) -> None:
    """Its line stays open, but its pulse is missed."""
    page.open(school.url)
    school.hung = True
    began = calm_s()
    page.wait("!document.getElementById('away').hidden")
    assert calm_s() - began < AWAY_S + 2  # a loaded machine is allowed some
    school.hung = False
    page.wait("document.getElementById('away').hidden")


def test_keyboard_alone_leads_through_a_lesson(page: TeacherPage, school: TeacherSchool) -> None:
    """Focus stays where it was, through every answer."""
    page.open(school.url)
    page.wait(USABLE)
    for _ in range(10):
        if page.see("document.activeElement.id") == "big":
            break
        page.press("Tab")
    for path in ("lesson/start", "roll/confirm", "lesson/end"):
        page.wait(USABLE)
        assert page.see("document.activeElement.id") == "big"
        until(partial(page.enter, partial(last_was, school, path)), path)
    page.says("#headline", "Đã hết tiết")


def test_a_pupil_is_marked_by_keyboard_and_keeps_the_focus(
    page: TeacherPage, school: TeacherSchool
) -> None:
    """Space on a pupil; then Tab leads to the other marks."""
    page.open(school.url)
    to(page, "running")
    page.see("document.querySelector('.pupil > button').focus()")
    page.press(" ")
    page.says("#counts", "42/41/1")
    school.change()
    page.press("Tab")
    assert page.see("document.activeElement.closest('.marks') !== null")
    page.press("Tab")
    page.press("Enter")
    page.says(".pupil .letter", "P")
    assert page.see("document.activeElement.dataset.key") == "absent_excused"


def test_another_class_is_chosen_in_two_clicks(page: TeacherPage, school: TeacherSchool) -> None:
    """The start then names it."""
    page.open(school.url)
    page.click("#other-class")
    page.click('#proposed [data-key="10A2"]')
    page.says("#class-name", "10A2")
    page.big("Bắt đầu tiết học")
    until(lambda: school.posts, "the start is told")
    assert school.posts == [
        ("/api/v1/lesson/start", {"classes": ["10A2"], "substitute": False}),
    ]


def test_a_class_is_chosen_for_one_lesson_and_not_for_the_next_bells(
    page: TeacherPage, school: TeacherSchool
) -> None:
    """Who comes then reads, and starts, what the timetable has."""
    page.open(school.url)
    page.click("#other-class")
    page.click('#proposed [data-key="10A2"]')
    page.says("#class-name", "10A2")
    school.more = {"subline": "10A1 · Ngữ văn · Tiết 2"}
    school.change()
    page.says("#class-name", "10A1")


def test_a_joint_class_is_chosen_by_taps(page: TeacherPage, school: TeacherSchool) -> None:
    """Several classes, and that somebody stands in."""
    page.open(school.url)
    page.click("#other-class")
    page.click("#joint")
    page.click("#substitute")
    page.click('#all [data-key="10A3"]')
    page.press("Escape")
    page.says("#class-name", "10A1 + 10A3")
    page.big("Bắt đầu tiết học")
    until(lambda: school.posts, "the start is told")
    assert school.posts[0][1] == {"classes": ["10A1", "10A3"], "substitute": True}


def test_a_fault_is_reported_by_two_taps(page: TeacherPage, school: TeacherSchool) -> None:
    """Six pictures; what was received stands on the page."""
    page.open(school.url)
    page.click("#fault")
    page.wait("document.querySelectorAll('#parts button svg').length === 6")
    page.click('#parts [data-key="board"]')
    page.wait("document.getElementById('sent').textContent.includes('Đã nhận: bảng, 07:31')")
    assert school.posts == [("/api/v1/fault", {"part": "board"})]


def test_eighty_four_pupils_stand_by_class_and_the_filter_shows_few(
    page: TeacherPage, school: TeacherSchool
) -> None:
    """Two classes together; the counts stay in sight at the list's end."""
    school.lines = pupils("10A1", "10A2")
    page.open(school.url)
    to(page, "running")
    page.wait("document.querySelectorAll('.pupil').length === 84")
    assert page.see("[...document.querySelectorAll('.group h3')].map((h) => h.innerText)") == [
        "10A1 · 42",
        "10A2 · 42",
    ]
    page.see("scrollTo(0, document.body.scrollHeight)")
    assert page.see("document.getElementById('counts').getBoundingClientRect().top >= 0")
    assert page.see(f"{BIG}.getBoundingClientRect().top >= 0")
    page.click("#filter")
    page.wait("document.querySelectorAll('.pupil').length === 4")


def test_hostile_words_are_only_words(page: TeacherPage, school: TeacherSchool) -> None:
    """A name that is a tag is shown as it is written."""
    evil = "<img src=x onerror=window.evil=1>"
    school.lines[0]["name"] = school.lines[1]["student"] = evil
    school.gaps = {"sentence": evil, "todo": evil}
    school.more = {
        "headline": evil,
        "notices": [{"code": evil, "sentence": evil, "level": "warning"}],
        "questions": [
            {"device_id": "d1", "question": evil, "name": evil, "kind": "board"},
        ],
    }
    page.open(school.url)
    to(page, "running")
    page.says(".pupil .name", evil)
    page.says("#headline", evil)
    assert page.see("document.querySelectorAll('main img').length") == 0
    assert page.see("window.evil === undefined")
    assert page.errors == []


def test_english_is_remembered(page: TeacherPage, school: TeacherSchool) -> None:
    """Once asked for, it is there the next time."""
    page.open(f"{school.url}?lang=en")
    page.open(school.url)
    assert page.see("document.documentElement.lang") == "en"
    page.says("#fault", "Report a fault")
    page.open(f"{school.url}?lang=vi")
    page.says("#fault", "Báo hỏng")


def test_the_page_is_small_and_guarded(school: TeacherSchool) -> None:
    """Under 64 KB for a lesson; only its own files; a foreign Host hears nothing."""
    scripts = ("page.js", "choices.js", "display.js", "dom.js", "door.js", "lines.js")
    names = ("", *(f"page/{name}" for name in (*scripts, "page.css")))
    answers = [http_request("GET", school.url + name) for name in (*names, "page/icon.svg")]
    assert sum(len(each.content) for each in answers) < 64_000
    policies = {each.headers["content-security-policy"].split(";")[0] for each in answers}
    assert policies == {"default-src 'self'"}
    assert "<noscript>" in answers[0].text
    assert "{{" not in answers[0].text
    foreign = http_request("GET", school.url, headers={"host": "evil.example"})
    assert foreign.status_code == httpx.codes.FORBIDDEN


@pytest.mark.parametrize("phase", ["running", *wide("idle", "confirmed", "ended")])
def test_every_phase_can_be_used_by_everybody_at_every_size(
    page: TeacherPage, school: TeacherSchool, phase: str
) -> None:
    """No violation of WCAG 2.1 AA, no sideways scrolling, a big button of 96 pixels or more."""
    school.gaps = {"sentence": "Chưa thấy bảng.", "todo": "Thầy/cô bật công tắc bảng giúp."}
    school.sent = [{"part": "board", "sentence": "Đã nhận: bảng, 07:31", "delivered": True}]
    ask = {"device_id": "d1", "question": "bảng?", "name": "HitEVision", "kind": "board"}
    login = {"device_id": "d2", "question": "Mật khẩu riêng?", "name": "Camera", "kind": "login"}
    login |= {"user": "Tên đăng nhập", "password": "Mật khẩu", "yes": "Lưu"}
    also = {"action": "confirm", "label": "Xác nhận 10A1 · Toán · Tiết 1", "enabled": True}
    notice = {"code": "offline", "sentence": "Không có đường truyền.", "level": "info"}
    school.more = {"notices": [notice], "questions": [ask, login], "also": also}
    page.open(school.url)
    to(page, phase)
    if phase == "running":
        page.click(f"{ROW.format('10A1-02')} > button")
        page.says("#counts", "42/41/1")
    for width, height in page.at_each_size():
        assert phase != "running" or page.see(OVERLAPPING) == []
        assert page.see(CRAMPED) == []
        assert violations(page) == []
        assert page.see("document.documentElement.scrollWidth") <= width
        assert page.see(f"{BIG}.offsetHeight") >= 96
        assert page.see(f"{BIG}.getBoundingClientRect().bottom") <= height


@pytest.mark.parametrize("dialog", ["fault", *wide("other-class", "room")])
def test_every_choice_can_be_used_by_everybody(
    page: TeacherPage, school: TeacherSchool, dialog: str
) -> None:
    """The panels of choices, at the laptop at twice the size."""
    page.open(school.url, LAPTOP[0] // 2, LAPTOP[1] // 2)
    page.click(f"#{dialog}")
    page.wait("document.querySelector('dialog[open]')")
    assert violations(page) == []
    assert page.see("document.documentElement.scrollWidth") <= LAPTOP[0] // 2


def test_an_absent_agent_can_be_read_by_everybody(page: TeacherPage, school: TeacherSchool) -> None:
    """The grey page has no violation either."""
    page.open(school.url)
    to(page, "running")
    school.stop()
    page.wait("!document.getElementById('away').hidden")
    assert violations(page) == []
    school.start()


def test_a_lesson_may_end_before_its_roll_is_confirmed(
    page: TeacherPage, school: TeacherSchool
) -> None:
    """Where the agent offers a second deed, it stands below the big button."""
    school.more = {"also": {"action": "end", "label": "Kết thúc tiết học", "enabled": True}}
    page.open(school.url)
    to(page, "running")
    page.click("#also")
    page.says("#headline", "Đã hết tiết")
    assert [path for path, _ in school.posts] == ["/api/v1/lesson/start", "/api/v1/lesson/end"]


def test_the_camera_says_what_it_is_looked_at_for_and_is_switched_off(
    page: TeacherPage, school: TeacherSchool
) -> None:
    """What for and since when, in words; one press closes it."""
    words = "Từ 07:16 hình camera đang được xem: để đọc thẻ của cả lớp."
    school.more = {"camera": {"off": False, "looking": True, "label": "Tắt camera", "words": words}}
    page.open(school.url)
    page.says("#camera-words", words)
    assert page.see("document.querySelector('#camera-words[data-looking]') !== null")
    assert violations(page) == []
    page.click("#camera")
    until(lambda: school.posts, "the press arrives")
    assert school.posts == [("/api/v1/camera", {"off": True})]
    words = "Camera tắt từ 07:17: có người trong phòng này đã tắt."
    school.more = {"camera": {"off": True, "looking": False, "label": "Bật camera", "words": words}}
    school.change()
    page.says("#camera-words", words)
    assert page.see("document.querySelector('#camera-words[data-looking]') === null")
    assert page.errors == []
