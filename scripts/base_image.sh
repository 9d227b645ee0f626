#!/bin/sh
# A Lambda-like base image, made from Debian packages: nothing is pulled.
#
#   scripts/base_image.sh [TAG] [SUITE]
#
# TAG defaults to mlflow-serverless-base, SUITE to trixie (Python 3.13). Packages come
# from the archive this machine's own apt is set up with. An image that is there
# already, made by this very script, is kept.
set -eu

tag=${1:-mlflow-serverless-base}
suite=${2:-trixie}
digest=$(sha256sum "$0" | cut -c1-16)-$suite
label=mlflow-serverless.base

if [ "$(docker image inspect -f "{{index .Config.Labels \"$label\"}}" "$tag" 2>/dev/null)" = "$digest" ]; then
    echo "$tag is up to date"
    exit 0
fi

case $suite in
bookworm) python=3.11 ;;
trixie) python=3.13 ;;
*) echo "unknown suite: $suite (bookworm or trixie)" >&2; exit 2 ;;
esac

archive=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
    | grep -m1 '/debian/*$') || { echo "apt knows no Debian archive" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$work/lists/partial" "$work/archives/partial" "$work/none" "$root"
: > "$work/status"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $archive $suite main" \
    > "$work/sources.list"

# An apt of its own: neither the machine's lists nor its installed packages take part.
private_apt() {
    apt-get -qq \
        -o "Dir::Etc::sourcelist=$work/sources.list" -o "Dir::Etc::sourceparts=$work/none" \
        -o Dir::Etc::preferences=- -o "Dir::Etc::preferencesparts=$work/none" \
        -o "Dir::State::lists=$work/lists" -o "Dir::State::status=$work/status" \
        -o "Dir::Cache::archives=$work/archives" \
        -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \
        -o APT::Sandbox::User=root -o APT::Install-Recommends=false "$@"
}
private_apt update
private_apt install --download-only \
    "python$python-minimal" "libpython$python-stdlib" libstdc++6 base-files dash coreutils

# One /usr, as Debian and Amazon Linux have it; packages are unpacked, never configured.
mkdir -p "$root/usr/bin" "$root/usr/sbin" "$root/usr/lib" "$root/usr/lib64"
for folder in bin sbin lib lib64; do ln -s "usr/$folder" "$root/$folder"; done
for package in "$work"/archives/*.deb; do
    case ${package##*/} in
    perl-base_* | debconf_* | dpkg_* | tar_* | media-types_* | mawk_* | libpam*) continue ;;
    esac
    dpkg-deb --fsys-tarfile "$package" | tar -x -C "$root" --keep-directory-symlink
done
ln -sf "python$python" "$root/usr/bin/python3"
ln -sf dash "$root/usr/bin/sh"
rm -rf "$root"/usr/share/doc "$root"/usr/share/man "$root"/usr/share/locale \
    "$root"/usr/share/info "$root"/usr/share/lintian

# What Lambda's own images have: its folders, its unprivileged user, the certificates.
mkdir -p "$root/var/task" "$root/var/runtime" "$root/opt" "$root/proc" "$root/sys" \
    "$root/dev" "$root/tmp" "$root/etc/ssl/certs"
chmod 1777 "$root/tmp"
printf '%s\n' root:x:0:0:root:/root:/bin/sh \
    sbx_user1051:x:993:990::/home/sbx_user1051:/bin/false > "$root/etc/passwd"
printf '%s\n' root:x:0: sbx:x:990: > "$root/etc/group"
[ ! -e /etc/ssl/certs/ca-certificates.crt ] \
    || cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"

keep() { # a root file system on standard input becomes $tag
    docker import \
        -c "LABEL $label=$digest" \
        -c 'ENV PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 TZ=:UTC LAMBDA_TASK_ROOT=/var/task LAMBDA_RUNTIME_DIR=/var/runtime' \
        -c 'WORKDIR /var/task' - "$tag" > /dev/null
}
tar -C "$root" -c . | keep

# Lambda's images ship bytecode; packages that are only unpacked do not, and every
# cold start would compile the standard library again, in vain on a read-only disk.
maker=$(docker create --network none --entrypoint python3 "$tag" \
    -m compileall -q -j 0 --invalidation-mode unchecked-hash "/usr/lib/python$python")
docker start -a "$maker" > /dev/null 2>&1 || true
docker export "$maker" | keep
docker rm "$maker" > /dev/null
docker run --rm --network none --entrypoint python3 "$tag" -I -c \
    'import sys, ctypes, ssl, sqlite3, lzma; print("made", sys.version.split()[0])'
