"""The S3 tier: what arrives is right, whatever happens on the way, or is refused."""

from __future__ import annotations

import errno
import os
import ssl
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from lambda_runtime.cache import ranges, s3, tls
from lambda_runtime.cache.sharing import WRITES_AT_LEAST, share
from lambda_runtime.cache.tier import Miss
from lambda_runtime.faults import BrokenBundle
from tests.fakes.cache_world import CacheWorld, file_of, in_pieces
from tests.fakes.faulty_disk import Fault, FaultyDisk
from tests.fakes.s3_server import FakeS3, Mishap, Pace, serving

CONTENT = os.urandom(9_000_001)
MODEL = file_of(CONTENT)
KEY = f"/bucket/models/{MODEL.sha256}"


@pytest.fixture
def fake(monkeypatch):
    """A bucket with the model in it, found by the environment's variables."""
    one = FakeS3()
    one.objects[KEY] = CONTENT
    with serving(one) as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", address)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        monkeypatch.setenv("AWS_SESSION_TOKEN", "session")
        monkeypatch.setenv("AWS_REGION", "eu-central-1")
        yield one


def opened(world: CacheWorld, disk=None, **how):
    """A cache that has S3 last."""
    how.setdefault("tiers", "bundle tmp s3")
    return world.open(world.manifest(MODEL, s3="s3://bucket/models", **how), disk)


def test_s3_fills_tmp(world: CacheWorld, fake: FakeS3):
    """The object arrives whole by several ranges; /tmp answers the next process."""
    cache = opened(world)
    path = Path(cache.path_of(MODEL))
    again = opened(world)
    again.path_of(MODEL)

    assert CONTENT == path.read_bytes()
    assert "model.onnx" == path.name
    assert [("s3", "tmp")] == [(hit.tier, hit.kept) for hit in cache.hits]
    assert ["tmp"] == [hit.tier for hit in again.hits]
    assert 5 == len(fake.asked) >= fake.connections > 1
    assert "session" == fake.asked[0].headers["x-amz-security-token"]


def test_s3_writes_through_after_the_response(world: CacheWorld, fake: FakeS3):
    """`settle` gives a writable mount what it lacked; the next environment finds it."""
    cache = opened(world, tiers="tmp mount s3", options={"write_through": True})
    cache.path_of(MODEL)
    before = list(world.mount.iterdir())

    assert [] == before
    assert len(CONTENT) == cache.owed_bytes
    assert 1 == cache.settle(5.0)
    assert 0 == cache.owed_bytes
    assert CONTENT == (world.mount / MODEL.sha256).read_bytes()
    assert 0 == cache.settle(5.0)


def test_sharing_waits_for_time_enough(world: CacheWorld, fake: FakeS3):
    """A write that would not end in time is not begun; it asks for another go."""
    cache = opened(world, tiers="tmp mount s3", options={"write_through": True})
    cache.path_of(MODEL)
    now_ms = time.time() * 1e3

    assert not share(cache, int(now_ms + len(CONTENT) / WRITES_AT_LEAST * 1e3 - 5))
    assert not share(cache, int(now_ms - 60_000))
    assert [] == list(world.mount.iterdir())

    assert share(cache, int(now_ms + 60_000))
    assert CONTENT == (world.mount / MODEL.sha256).read_bytes()


FULL = [
    Fault("open", "/mount/.part-", errno.EACCES),
    Fault("posix_fallocate", "/mount/.part-", errno.ENOSPC),
    Fault("write", "/mount/.part-", errno.EDQUOT, after=3),
    Fault("write", "/mount/.part-", errno.EIO, after=1),
    Fault("write", "/mount/.part-", stall_s=30, after=1),
    Fault("replace", "/mount/", errno.EIO),
]


@pytest.mark.parametrize("fault", FULL, ids=lambda f: f"{f.call}-{f.errno}-{f.stall_s}")
def test_a_mount_that_takes_nothing_is_left_alone(world, fake, fault):
    """Full, forbidden, hanging or failing half-way: no debt, no trace, no harm."""
    disk = FaultyDisk([fault])
    how = {"tiers": "tmp mount s3", "options": {"write_through": True}}
    cache = opened(world, disk, **how)
    path = cache.path_of(MODEL)
    started = time.monotonic()

    assert 0 == cache.settle(0.5)
    assert time.monotonic() - started < 5
    assert 0 == cache.owed_bytes
    assert not (world.mount / MODEL.sha256).exists()
    assert CONTENT == Path(path).read_bytes()


def test_nothing_to_share_needs_no_time(world: CacheWorld):
    """Without a debt the job is done, however late it is."""
    assert share(opened(world), 0)


def test_without_tmp_the_file_is_kept_in_memory(world: CacheWorld, fake: FakeS3):
    """A /tmp that is too small gives way to sealed memory, with a path to open."""
    cache = opened(world, budget=1_000_000)
    path = cache.path_of(MODEL)

    assert path.startswith("/proc/self/fd/")
    assert CONTENT == Path(path).read_bytes()
    assert "memory" == cache.hits[0].kept
    with pytest.raises(PermissionError):
        os.truncate(path, 0)


def test_no_room_anywhere_is_refused(world: CacheWorld, fake: FakeS3):
    """Neither /tmp nor memory: the error gives the numbers of both."""
    cache = opened(world, budget=1_000_000, options={"memory_bytes": 2_000_000})

    with pytest.raises(BrokenBundle, match=r"budget of 1000000.*2000000 of memory"):
        cache.path_of(MODEL)


def test_a_full_disk_half_way_is_survived(world: CacheWorld, fake: FakeS3):
    """ENOSPC when space is reserved sends the object to memory, not to a SIGBUS."""
    disk = FaultyDisk([Fault("posix_fallocate", errno=errno.ENOSPC)])
    cache = opened(world, disk)

    assert CONTENT == Path(cache.path_of(MODEL)).read_bytes()
    assert "memory" == cache.hits[0].kept


HEALING = [
    Mishap("status", times=3, status=503, code="SlowDown"),
    Mishap("status", times=2, status=500, code="InternalError"),
    Mishap("status", times=1, status=400, code="RequestTimeout"),
    Mishap("reset", times=3, after=100_000),
    Mishap("truncate", times=3, after=100_000),
    Mishap("truncate", times=2, after=0),
    Mishap("garbage", times=1),
    Mishap("shifted", times=1),
    Mishap("flip", times=1),
    Mishap("replaced", times=1, skip=1),
    Mishap("stall", times=1, after=100_000),
]


@pytest.mark.parametrize("mishap", HEALING, ids=lambda m: f"{m.kind}-{m.status}")
def test_what_heals_is_waited_for(world: CacheWorld, fake, mishap, monkeypatch):
    """Errors that pass do not reach the caller, and the content is right."""
    monkeypatch.setattr(ranges, "STALL_S", 0.3)
    fake.mishaps.append(replace(mishap))
    cache = opened(world)

    assert CONTENT == Path(cache.path_of(MODEL)).read_bytes()


@pytest.mark.parametrize("mishap", [*HEALING, None], ids=lambda m: m and m.kind)
def test_pieces_are_checked_as_they_arrive(world, fake, mishap, monkeypatch):
    """With digests of pieces too, all that passes heals, and the content is right."""
    monkeypatch.setattr(ranges, "STALL_S", 0.3)
    fake.mishaps += [] if mishap is None else [replace(mishap)]
    file = in_pieces(MODEL, CONTENT)
    cache = world.open(world.manifest(file, tiers="tmp s3", s3="s3://bucket/models"))
    path = Path(cache.path_of(file))
    again = world.open(world.manifest(file, tiers="tmp"))

    assert CONTENT == path.read_bytes()
    assert str(path) == again.path_of(file)


@pytest.mark.parametrize("after", [0, 2 << 20, 300_000])
def test_a_break_is_resumed_not_restarted(world, fake, after):
    """What arrived before a break is kept: only the rest is asked for again."""
    fake.mishaps.append(Mishap("truncate", after=after))
    file = in_pieces(MODEL, CONTENT)
    cache = world.open(world.manifest(file, tiers="s3", s3="s3://bucket/models"))
    cache.path_of(file)
    spans = [asked.headers["range"].removeprefix("bytes=") for asked in fake.asked]
    ends = [span.split("-")[1] for span in spans]
    (again,) = {end for end in ends if ends.count(end) == 2}
    first, second = (int(s.split("-")[0]) for s in spans if s.endswith(f"-{again}"))

    assert len(ranges.parts_of(len(CONTENT))) + 1 == len(spans)
    assert min(after, (2 << 20) - 1) >= second - first >= min(after, 300_000)


@pytest.mark.parametrize("at", [0, (2 << 20) - 1, 2 << 20, len(CONTENT) - 1])
@pytest.mark.parametrize("tier", ["mount", "s3"])
def test_one_wrong_piece_refuses_the_file(world, fake, tier, at):
    """A changed byte in any piece, first to last, is found in every tier."""
    file = in_pieces(MODEL, CONTENT)
    wrong = bytearray(CONTENT)
    wrong[at] ^= 1
    fake.objects[KEY] = bytes(wrong)
    world.mounted(file, bytes(wrong))
    cache = world.open(world.manifest(file, tiers=tier, s3="s3://bucket/models"))

    with pytest.raises(BrokenBundle) as caught:
        cache.path_of(file)
    assert "model-corrupt" == caught.value.code


REFUSED = [
    (Mishap("status", 99, status=403, code="AccessDenied"), "s3:GetObject"),
    (Mishap("status", 99, status=403, code="RequestTimeTooSkewed"), "clock"),
    (Mishap("status", 99, status=403, code="ExpiredToken"), "credentials"),
    (Mishap("status", 99, status=404, code="NoSuchKey"), "deploy again"),
    (Mishap("status", 99, status=404, code="NoSuchBucket"), "does not exist"),
    (
        Mishap(
            "status",
            99,
            status=301,
            code="PermanentRedirect",
            headers={"x-amz-bucket-region": "us-west-2"},
        ),
        "is in us-west-2, and eu-central-1 was asked",
    ),
    (Mishap("status", 99, status=412, code="PreconditionFailed"), "replaced"),
    (Mishap("status", 99, status=416, code="InvalidRange"), "shorter"),
    (Mishap("status", 99, status=418, code="Teapot"), "418 Teapot: told so"),
    (Mishap("short", 99), "of 9000000 bytes instead of 9000001"),
    (Mishap("whole", 99), "bytes instead of|range from"),
    (Mishap("flip", 99), "sha256"),
    (Mishap("garbage", 999), "not HTTP"),
]


@pytest.mark.parametrize(
    ("mishap", "says"), REFUSED, ids=lambda m: getattr(m, "code", "")
)
def test_what_does_not_heal_is_refused(world: CacheWorld, fake, mishap, says):
    """Lasting errors say what to check, within the time, and leave nothing behind."""
    fake.mishaps.append(replace(mishap))
    cache = opened(world, options={"timeout_s": 3.0})

    with pytest.raises(BrokenBundle, match=says):
        cache.path_of(MODEL)
    assert [".lock"] == [item.name for item in world.store.iterdir()]


@pytest.mark.parametrize("kind", ["stall", "slow", "SlowDown"])
def test_the_deadline_holds(world: CacheWorld, fake, kind, monkeypatch):
    """A server that stalls, trickles, or always asks for patience does not hold us."""
    monkeypatch.setattr(ranges, "STALL_S", 0.2)
    if kind == "slow":
        fake.pace = Pace(bytes_per_s=1000)
    elif kind == "stall":
        fake.mishaps.append(Mishap("stall", times=999, after=0))
    else:
        fake.mishaps.append(Mishap("status", times=999))
    cache = opened(world, options={"timeout_s": 0.1})  # and 0.9 s for the bytes
    started = time.monotonic()

    with pytest.raises(BrokenBundle):
        cache.path_of(MODEL)
    assert time.monotonic() - started < 4


def test_a_dead_endpoint_is_a_miss(world: CacheWorld, fake, monkeypatch):
    """Nobody listens: the reason is told, and no thread is left running."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://localhost:9")
    cache = opened(world, options={"timeout_s": 0.5})

    with pytest.raises(BrokenBundle, match=r"[Rr]efused"):
        cache.path_of(MODEL)


def test_no_credentials_are_explained(world: CacheWorld, fake, monkeypatch):
    """Without keys the error names the variables, not a status code."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")

    with pytest.raises(BrokenBundle, match="AWS_ACCESS_KEY_ID"):
        opened(world).path_of(MODEL)


def test_an_empty_file_needs_no_request(world: CacheWorld, fake: FakeS3):
    """S3 refuses ranges of empty objects, so none is asked for."""
    empty = file_of(b"")
    cache = world.open(world.manifest(empty, tiers="s3", s3="s3://bucket"))

    assert b"" == Path(cache.path_of(empty)).read_bytes()
    assert [] == fake.asked


@pytest.fixture
def authority(tmp_path):
    """A certificate authority of our own, as a file to trust."""
    one = trustme.CA()
    one.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return one, tmp_path / "ca.pem"


@pytest.mark.parametrize(
    ("name", "trusted", "says"),
    [
        ("localhost", True, ""),
        ("localhost", False, "not trusted"),
        ("elsewhere.example", True, "not trusted: .*[Hh]ostname"),
    ],
)
def test_tls_is_verified(
    world: CacheWorld, fake, authority, monkeypatch, *, name, trusted, says
):
    """Chain and name are checked; a stranger's server is refused at once."""
    ca, file = authority
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(name).configure_cert(context)
    other = trustme.CA()
    other.cert_pem.write_to_path(str(file.with_name("other.pem")))
    monkeypatch.setenv(
        "AWS_CA_BUNDLE", str(file if trusted else file.with_name("other.pem"))
    )
    secure = FakeS3()
    secure.objects[KEY] = CONTENT
    with serving(secure, context) as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", address)
        cache = opened(world, options={"timeout_s": 5.0})
        if says:
            with pytest.raises(BrokenBundle, match=says):
                cache.path_of(MODEL)
            assert [] == secure.asked
        else:
            assert CONTENT == Path(cache.path_of(MODEL)).read_bytes()


def test_verified_tls_needs_no_heavy_module(fake, authority):
    """A signed fetch over TLS leaves `ssl`, `socket` and their kin unimported."""
    ca, file = authority
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("localhost").configure_cert(context)
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from lambda_runtime.cache.s3 import S3\n"
        "from lambda_runtime.cache.memory import Memory\n"
        "from lambda_runtime.cache.tier import Limit\n"
        "from lambda_runtime.manifest import File\n"
        "file = File('m', sys.argv[2], int(sys.argv[3]))\n"
        "S3('s3://bucket/models', {}).find(file, [Memory()], Limit(30))\n"
        "heavy = {'ssl', 'socket', 'http.client', 're', 'typing', 'enum', 'logging',\n"
        "         'threading', 'json', 'boto3', 'urllib.request', 'dataclasses'}\n"
        "print(*sorted(heavy & set(sys.modules)))"
    )
    root, named = str(Path(__file__).parents[3]), (MODEL.sha256, str(MODEL.bytes))
    with serving(fake, context) as address:
        out = subprocess.run(
            [sys.executable, "-I", "-S", "-c", script, root, *named],
            env={
                **os.environ,
                "AWS_ENDPOINT_URL_S3": address,
                "AWS_CA_BUNDLE": str(file),
            },
            capture_output=True,
            text=True,
            check=True,
        )

    assert "" == out.stdout.strip()


def test_a_missing_bundle_of_authorities_is_named(world: CacheWorld, fake, monkeypatch):
    """A typing mistake in `AWS_CA_BUNDLE` is told with its path, at once."""
    monkeypatch.setenv("AWS_CA_BUNDLE", "/nowhere/ca.pem")
    monkeypatch.setenv(
        "AWS_ENDPOINT_URL_S3",
        os.environ["AWS_ENDPOINT_URL_S3"].replace("http:", "https:"),
    )

    with pytest.raises(BrokenBundle, match=r"/nowhere/ca\.pem: .*No such file"):
        opened(world).path_of(MODEL)


def test_the_systems_authorities_are_used_by_default(monkeypatch):
    """Without a bundle of our own, the image's CAs are loaded, names are checked."""
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    context = tls.trust()

    assert context.check_hostname
    assert ssl.CERT_REQUIRED == context.verify_mode
    assert any(tls._system())


@pytest.mark.parametrize("size", [0, 1, 2 << 20, (2 << 20) + 1, 50_000_000, 3 << 30])
def test_parts_cover_the_object_once(size: int):
    """Ranges meet end to end, none is larger than 8 MiB nor smaller without need."""
    parts = ranges.parts_of(size)

    assert 0 == parts[0].start
    assert size == parts[-1].end
    assert [part.end for part in parts[:-1]] == [part.start for part in parts[1:]]
    assert all(part.end - part.start <= 8 << 20 for part in parts)


@pytest.mark.parametrize(
    ("bucket", "region", "host", "prefix"),
    [
        ("b", "eu-west-1", "b.s3.eu-west-1.amazonaws.com", "/"),
        ("b", "cn-north-1", "b.s3.cn-north-1.amazonaws.com.cn", "/"),
        ("b", "us-gov-west-1", "b.s3.us-gov-west-1.amazonaws.com", "/"),
        ("b", "us-iso-east-1", "b.s3.us-iso-east-1.c2s.ic.gov", "/"),
        ("b", "us-isob-east-1", "b.s3.us-isob-east-1.sc2s.sgov.gov", "/"),
        ("b.c", "eu-west-1", "s3.eu-west-1.amazonaws.com", "/b.c/"),
    ],
)
def test_buckets_are_asked_where_they_are(bucket, region, host, prefix):
    """Virtual-hosted over TLS, but for names with dots, in every partition."""
    endpoint = s3.endpoint_of(bucket, region, {})

    assert (host, prefix) == (endpoint.host, endpoint.prefix)
    assert (host, 443, True) == endpoint.address


@pytest.mark.parametrize("root", ["", "bucket/x", "https://bucket/x", "s3://"])
def test_a_root_that_is_no_bucket_is_refused(root: str):
    """A typing mistake in the manifest is named as such."""
    with pytest.raises(Miss, match="s3://bucket/prefix"):
        s3.named(root, MODEL)
