#!/bin/sh
# Cài LopHoc từ thư mục này, không cần internet. Chạy: sh cai-dat.sh
# Installs LopHoc from this folder, without the internet. Run: sh cai-dat.sh
#   sh cai-dat.sh phong     máy trong phòng học / a room's computer
#   sh cai-dat.sh truong    máy chủ của trường / the school's server
#   sh cai-dat.sh so        máy chủ của sở / the department's server
set -u
here=$(cd "$(dirname "$0")" && pwd)
version='@VERSION@'

stop() {
  printf '\n%s\n' "$1" >&2
  exit 1
}

choose() {
  printf 'Máy này là / This computer is:\n'
  printf '  1) máy trong phòng học / a room'\''s computer\n'
  printf '  2) máy chủ của trường / the school'\''s server\n'
  printf '  3) máy chủ của sở / the department'\''s server\n'
  printf 'Chọn 1, 2 hoặc 3 / Choose 1, 2 or 3: '
  read -r answer || answer=
  case $answer in
    1) role=phong ;;
    2) role=truong ;;
    3) role=so ;;
    *) stop 'Chưa chọn gì, nên chưa cài gì.' ;;
  esac
}

role=${1:-}
[ -n "$role" ] || choose
case $role in
  phong) packages='lophoc-agent' ;;
  truong) packages='lophoc-controller' ;;
  so) packages='lophoc-controller lophoc-department' ;;
  *) stop "Không biết \"$role\": hãy ghi phong, truong hoặc so." ;;
esac

if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || stop 'Cần quyền root: hãy chạy bằng su -c "sh cai-dat.sh".'
  printf 'Cần quyền quản trị của máy; máy có thể hỏi mật khẩu.\n'
  exec sudo sh "$0" "$role"
fi

command -v dpkg >/dev/null || stop 'Máy này không phải Debian, Ubuntu hay Raspberry Pi OS.'
arch=$(dpkg --print-architecture)
case $arch in
  @ARCHES@) ;;
  *) stop "Bộ xử lý của máy này ($arch) không có trong bộ cài." ;;
esac
[ -x /usr/bin/python3 ] || stop 'Máy này chưa có Python: hãy cài gói python3 của hệ điều hành.'
/usr/bin/python3 -I -c 'import sys; sys.exit(not (@FIRST@,) <= sys.version_info[1:2] <= (@LAST@,))' \
  || stop "LopHoc cần Python @LEAST@ đến @MOST@, máy này có $(/usr/bin/python3 -V 2>&1). Ubuntu 22.04 và Debian 11 quá cũ: hãy dùng Debian 12, Ubuntu 24.04 hoặc mới hơn."

files=
needed_kb=0
for package in $packages; do
  file=
  for place in "$here/$arch" "$here/all"; do
    [ -f "$place/${package}_${version}_$(basename "$place").deb" ] \
      && file="$place/${package}_${version}_$(basename "$place").deb"
  done
  [ -n "$file" ] || stop "Thiếu tệp của $package: hãy chép lại cả bộ cài vào USB."
  wanted=$(grep -F "  $(basename "$(dirname "$file")")/$(basename "$file")" "$here/SHA256SUMS" | cut -d' ' -f1)
  found=$(sha256sum "$file" | cut -d' ' -f1)
  [ -n "$wanted" ] && [ "$wanted" = "$found" ] \
    || stop "Tệp $(basename "$file") bị hỏng hoặc đã bị sửa: hãy chép lại cả bộ cài vào USB."
  size_kb=$(dpkg-deb --field "$file" Installed-Size)
  needed_kb=$((needed_kb + size_kb + size_kb / 4))
  files="$files
$file"
done
free_kb=$(df -Pk /usr | awk 'NR == 2 {print $4}')
[ "$free_kb" -ge "$needed_kb" ] \
  || stop "Ổ đĩa còn $((free_kb / 1000)) MB, cần $((needed_kb / 1000)) MB: hãy xóa bớt rồi chạy lại."

printf '\nĐang cài, xin chờ chừng một phút…\n'
IFS='
'
if command -v apt-get >/dev/null; then
  apt-get install -y --no-install-recommends $files </dev/null || failed=1
else
  dpkg --install $files </dev/null || failed=1
fi
[ -z "${failed:-}" ] \
  || stop 'Chưa cài được; nguyên nhân ở các dòng trên. Nếu thiếu gói của hệ điều hành, hãy nối mạng rồi chạy lại lệnh này.'

case $role in
  phong)
    person=${SUDO_USER:-}
    if [ -n "$person" ] && [ "$person" != root ]; then
      usermod -a -G lophoc-door "$person"
      printf '\nTài khoản %s mở được trang của thầy/cô sau khi đăng nhập lại.\n' "$person"
    fi
    printf '\nĐã cài xong. Mở "LopHoc" trong danh mục chương trình (hoặc: lophoc-agent page --open),\n'
    printf 'rồi nhập mã mà văn phòng đọc cho.\n'
    ;;
  *)
    # The server takes a few seconds for its first start, wherever its settings lay its folder.
    link() {
      runuser -u lophoc-controller -- lophoc-controller password setup-link </dev/null 2>/dev/null | tail -n 1
    }
    answers() {
      # Whether it lives is asked, not who it is: its own certificate is known to nobody yet.
      /usr/bin/python3 -c 'import ssl, sys, urllib.request as web
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
web.urlopen(sys.argv[1], timeout=5, context=context)' "${1%/setup*}/livez" 2>/dev/null
    }
    tries=0
    while [ -d /run/systemd/system ] && ! answers "$(link)" && [ "$tries" -lt 60 ]; do
      sleep 1
      tries=$((tries + 1))
    done
    link=$(link)
    printf '\nĐã cài xong. Mở trình duyệt trên chính máy chủ này, địa chỉ dùng được một lần:\n\n  %s\n' \
      "${link:-http://127.0.0.1:8000/}"
    ;;
esac
