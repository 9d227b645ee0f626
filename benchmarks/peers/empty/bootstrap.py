"""The floor: a raw Runtime API loop that answers nothing."""

import _socket
import os

host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].rsplit(":", 1)
link = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
link.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
link.connect((host, int(port)))
ROOT = b"/2018-06-01/runtime/invocation/"


def read():
    data = b""
    while b"\r\n\r\n" not in data:
        data += link.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    fields = dict(
        line.lower().split(b": ", 1)
        for line in head.split(b"\r\n")[1:]
        if b": " in line
    )
    size = int(fields.get(b"content-length", 0))
    while len(body) < size:
        body += link.recv(65536)
    while b"transfer-encoding" in fields and not body.endswith(b"0\r\n\r\n"):
        body += link.recv(65536)
    return fields


while True:
    link.sendall(b"GET %snext HTTP/1.1\r\nHost: x\r\n\r\n" % ROOT)
    request = read()[b"lambda-runtime-aws-request-id"]
    link.sendall(
        b"POST %s%s/response HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
        % (ROOT, request)
    )
    read()
