"""This file words the task by which Windows starts the agent, before anybody logs on.

What is left out has the defaults of Windows, of which three would stop a laptop's agent: no start
on battery, an end on battery, an end after 72 hours. Source: Microsoft, Task Scheduler Schema.
"""

from __future__ import annotations

from typing import Final
from xml.sax.saxutils import escape

TASK: Final = "LopHoc"

_XML: Final = """<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>LopHoc: chương trình phòng học</Description>
  </RegistrationInfo>
  <Triggers>
    <BootTrigger><Enabled>true</Enabled></BootTrigger>
    <LogonTrigger><Enabled>true</Enabled></LogonTrigger>
  </Triggers>
  <Principals>
    <Principal id="Agent">
      <UserId>S-1-5-19</UserId>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <RestartOnFailure><Interval>PT1M</Interval><Count>255</Count></RestartOnFailure>
    <Priority>7</Priority>
  </Settings>
  <Actions Context="Agent">
    <Exec>
      <Command>{program}</Command>
      <Arguments>{arguments}</Arguments>
    </Exec>
  </Actions>
</Task>
"""


def task_xml(program: str, arguments: str) -> str:
    """The task that runs a program; arguments: its command line's rest, quoted as Windows wants."""
    return _XML.format(program=escape(program), arguments=escape(arguments))
