; The installer for Windows. Built by tools/windows/build.py, which defines STAGE, OUT, VERSION and
; perhaps FAST (for tests) and SIGN (a command that signs the file it is given last).
; LopHoc.exe /S installs without a question; /D=C:\folder at the end says where.
Target amd64-unicode
!include MUI2.nsh
!include LogicLib.nsh

Name "LopHoc"
OutFile "${OUT}"
InstallDir "$PROGRAMFILES64\LopHoc"
RequestExecutionLevel admin
ManifestDPIAware true
BrandingText "LopHoc ${VERSION}"
VIProductVersion "${VERSION}.0"
VIAddVersionKey "ProductName" "LopHoc"
VIAddVersionKey "FileDescription" "LopHoc"
VIAddVersionKey "FileVersion" "${VERSION}"
VIAddVersionKey "LegalCopyright" "GPL-3.0-or-later"
!ifdef FAST
  SetCompressor zlib
!else
  SetCompressor /SOLID lzma
!endif
!ifdef SIGN
  !finalize '${SIGN} "%1"'
  !uninstfinalize '${SIGN} "%1"'
!endif

!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\LopHoc"
!define RUN "Software\Microsoft\Windows\CurrentVersion\Run"

!insertmacro MUI_PAGE_WELCOME
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "Vietnamese"
!insertmacro MUI_LANGUAGE "English"

Function .onInit
  SetRegView 64
FunctionEnd

Function un.onInit
  SetRegView 64
FunctionEnd

Section
  SetShellVarContext all
  ; An older version lets go of its files first; data and settings are not among them.
  ${If} ${FileExists} "$INSTDIR\python\pythonw.exe"
    ExecWait '"$INSTDIR\python\pythonw.exe" -X utf8 -m agent.windows.setup remove'
    RMDir /r "$INSTDIR\app"
    RMDir /r "$INSTDIR\packages"
    RMDir /r "$INSTDIR\python"
  ${EndIf}
  SetOutPath "$INSTDIR"
  File /r "${STAGE}/*"
  WriteUninstaller "$INSTDIR\uninstall.exe"

  WriteRegStr HKLM "${RUN}" "LopHoc" '"$INSTDIR\python\pythonw.exe" -X utf8 -m agent.windows.tray'
  CreateDirectory "$SMPROGRAMS\LopHoc"
  CreateShortcut "$SMPROGRAMS\LopHoc\Lớp học.lnk" "$INSTDIR\python\pythonw.exe" "-X utf8 -m agent.windows.tray --open"
  WriteRegStr HKLM "${UNINSTALL}" "DisplayName" "LopHoc"
  WriteRegStr HKLM "${UNINSTALL}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKLM "${UNINSTALL}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKLM "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKLM "${UNINSTALL}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKLM "${UNINSTALL}" "NoModify" 1
  WriteRegDWORD HKLM "${UNINSTALL}" "NoRepair" 1

  ExecWait '"$INSTDIR\python\pythonw.exe" -X utf8 -m agent.windows.setup install' $0
  ; How many of its steps failed, for who installs without a window.
  SetErrorLevel $0
SectionEnd

Section "Uninstall"
  SetShellVarContext all
  ExecWait '"$INSTDIR\python\pythonw.exe" -X utf8 -m agent.windows.setup remove'
  DeleteRegValue HKLM "${RUN}" "LopHoc"
  DeleteRegKey HKLM "${UNINSTALL}"
  RMDir /r "$SMPROGRAMS\LopHoc"
  RMDir /r "$INSTDIR\app"
  RMDir /r "$INSTDIR\packages"
  RMDir /r "$INSTDIR\python"
  Delete "$INSTDIR\lophoc-agent.cmd"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
SectionEnd
