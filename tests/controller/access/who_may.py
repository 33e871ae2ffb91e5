"""This file knows by hand who comes in at which address: the model, written apart from the code."""

from __future__ import annotations

from typing import Final

# What each role may, as the design's table says it; an officer sees counts, never a child.
MAY: Final = {
    "teacher": "rooms marks stocktake",
    "homeroom": "rooms marks correct",
    "school_admin": "rooms school marks correct stocktake book manage department figures",
    "read_only": "rooms school figures",
    "department_officer": "department figures",
}
ANY: Final = "rooms school marks correct stocktake book manage department figures"

# By what one must be allowed (one of these), the addresses. After a star, who sees only some of a
# department's schools comes in, too, and sees these alone.
_TABLE: Final = """
public: /openapi.json /healthz /livez /login POST/login POST/logout /setup POST/setup
public: /api/v1/guest-copies /api/v1/guest-copies/{file} PUT/api/v1/guest-copies/{file}
public: POST/api/v1/guest-copies/{file} /stocktake/worker.js
public: /login/passkey POST/login/passkey
public: /trust /trust/lophoc.crt /trust/lophoc.mobileconfig
rooms: */api/v1/rooms */rooms/{code:path}
manage: /lists/imports POST/lists/imports/{no}/undo
book: POST/devices
manage: /alerts POST/alerts POST/alerts/undo POST/alerts/{name}/remove POST/alerts/{name}/test
manage: /home-assistant POST/home-assistant/on POST/home-assistant/off
rooms: /devices/{device_id}/measures
school: /wear /use/lessons
rooms: */api/v1/incidents */incidents */incidents/now */rolls/now
rooms: */search */devices */devices/{device_id:path} */rooms */agents/{agent_id}
rooms department: */
school: */api/v1/agents */api/v1/devices */api/v1/events */api/v1/lessons */api/v1/faults
school: /api/v1/repairs /api/v1/repairs/figures /api/v1/register /api/v1/unregistered /api/v1/kpi
school: /repairs /register /register/lines/{no} /register/labels /room-cards /register/papers/{no}
school: */api/v1/inventory */api/v1/items/{item:path} */api/v1/use
school: */api/v1/forecast */use */forecast
marks school: */attendance
marks: */api/v1/attendance */attendance/{code:path} */absences
marks: /lessons/{agent}/{lesson}/{code:path}
correct: POST/lessons/{agent}/{lesson}/corrections/{code:path}
correct: POST/lessons/{agent}/{lesson}/roll/{code:path}
stocktake: /stocktake /stocktake/{no} /stocktake/{no}/minutes.{kind} /stocktake/{no}/standing
stocktake: /stocktake/{no}/rooms/{room:path} POST/stocktake/{no}/rooms/{room:path}
stocktake: /api/v1/stocktakes/{no:int} POST/api/v1/stocktakes/{no:int}/scans
stocktake: POST/api/v1/stocktakes/photo
stocktake: /inspection-requests /inspection-requests/{name}
stocktake: POST/inspection-requests/{name}/items/{no}
book: POST/inspection-requests/{name}/finish POST/inspection-requests/{name}/refuse
book: DELETE/api/v1/devices/{device_id:path} PATCH/api/v1/devices/{device_id:path}
book: POST/devices/{device_id:path}/name POST/api/v1/faults/{event_id}/handled
book: POST/faults/{event_id}/handled POST/stocktake POST/stocktake/{no}/finish
book: POST/repairs POST/repairs/{number}/{deed} POST/incidents/{number}/{deed}
book: POST/maintenances POST/maintenances/{number}/end
book: /kits POST/kits POST/kits/drop POST/kits/rooms
book: POST/register/decisions POST/register/decisions/{no}/undo
book: /register/import POST/register/import /register/import/{token} POST/register/import/{token}
book: POST/register/import/{token}/headings POST/register/import/{token}/drop
book: /register/import/{token}/errors.csv /register/imports POST/register/imports/{no}/undo
book: POST/register/whole /register/new POST/register/new POST/register/lines
book: POST/devices/{device_id:path}/remove POST/devices/{device_id:path}/restore
book: POST/register/lines/{no} POST/register/lines/{no}/condition
book: POST/register/lines/{no}/retire POST/register/lines/{no}/papers
book: POST/register/papers/{no}/remove POST/register/papers/{no}/restore
manage: /accounts POST/accounts POST/accounts/{name}/invite POST/accounts/{name}/end
manage: /tokens POST/tokens POST/tokens/{name}/end
manage: /quarantine POST/quarantine/{number}/retry POST/quarantine/{number}/let-go
manage: /copies POST/copies/now /guests /connections /webhooks
manage: /doctor POST/doctor /doctor/bundle.json
manage: /dossier /dossier/safety.md /dossier/notice.pdf /dossier/register.pdf
manage: /students POST/students POST/students/export POST/students/erase
manage: /lists/import POST/lists/import /lists/import/{token}
manage: POST/lists/import/{token} POST/lists/import/{token}/choices
manage: POST/lists/import/{token}/drop /lists/import/{token}/errors.csv
manage: /teachers POST/teachers POST/teachers/ask POST/teachers/pins
manage: POST/teachers/{teacher}/pin POST/teachers/{teacher}/end
manage: /schedule/import POST/schedule/import /schedule/import/{token}
manage: POST/schedule/import/{token} POST/schedule/import/{token}/empty
manage: POST/schedule/import/{token}/drop
manage: /enrolment POST/enrolment /enrolment/{slot} POST/enrolment/{slot}/end
manage: /updates POST/updates/packages POST/updates/begin POST/updates/stop
manage: POST/updates/go-on POST/updates/back
manage: /settings POST/settings POST/settings/undo POST/settings/restart
manage: /start /start/move POST/start/move POST/start/copy /start/{step} POST/start/{step}
manage: /enrolment/codes POST/enrolment/codes POST/enrolment/codes/end /enrolment/codes/print
manage: POST/enrolment/revoke /enrolment/knocks POST/enrolment/knocks
manage: POST/enrolment/knocks/close POST/enrolment/knocks/{knock}/accept
manage: POST/enrolment/knocks/{knock}/refuse
marks manage: POST/cameras/{room:path}/off
book: POST/pairs/{room:path} POST/pairs/{room:path}/undo
book: POST/kinds/{room:path} POST/kinds/{room:path}/undo
figures: */metrics
department: */api/v1/schools */api/v1/schools/{code} */api/v1/areas
department: */api/v1/figures */api/v1/exceptions */api/v1/tile
department: */schools */schools/{code:path} */exceptions */items */items/one
department: */inspections *POST/inspections */inspections/{no} */inspections/{no}/draw
department: */inspections/{no}/frame.txt */inspections/{no}/minutes.{kind}
department: *POST/inspections/{no}/withdraw
department: */lines */history */api/v1/history /api/v1/history/files
department: /api/v1/history/files/{name}
department: */api/v1/inspections */api/v1/inspections/{no} *POST/api/v1/inspections
department: *POST/api/v1/inspections/{no}/withdraw */api/v1/inspections/{no}/draw
department: */api/v1/inspections/{no}/frame */api/v1/inspections/{no}/minutes
department: /api/v1/reports /api/v1/reports/{no} POST/api/v1/reports
department: */api/v1/item-history
department: /api/v1/reports/template PUT/api/v1/reports/template
department: DELETE/api/v1/reports/template
department: /reports POST/reports /reports/{no} /reports/{no}/pack.xlsx
department: POST/reports/template POST/reports/template/drop
any: */looks */looks.{paper} */sessions *POST/sessions/{no}/end
any: *POST/passkeys *POST/passkeys/options *POST/passkeys/{no}/end
"""


def _read() -> dict[tuple[str, str], tuple[frozenset[str], bool]]:
    table = {}
    for row in _TABLE.strip().splitlines():
        granted, _, addresses = row.partition(": ")
        needed = ANY if granted == "any" else granted
        for word in addresses.split():
            method, slash, path = word.lstrip("*").partition("/")
            key = (method or "GET", slash + path)
            table[key] = (frozenset(needed.split()) - {"public"}, word.startswith("*"))
    return table


# Where who may see the department's figures comes in, too, at a department and not in a school.
ABOVE_TOO: Final = {
    ("GET", path)
    for path in (
        "/api/v1/inventory",
        "/api/v1/items/{item:path}",
        "/api/v1/use",
        "/api/v1/forecast",
        "/use",
        "/forecast",
    )
}
# Method and path: who may come in, nobody needed for what is public; and whether parts are shown.
TABLE: Final = _read()
