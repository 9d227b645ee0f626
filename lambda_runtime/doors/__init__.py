"""One event shape each, to and from `Request` and `Response`."""
