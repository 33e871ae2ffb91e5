@"%~dp0python\python.exe" -X utf8 -m agent.windows.start %*
