"""Shadow traffic: requests that a version has answered, sent to another one to compare.

The version that serves posts its answer first, then sends the request and that answer
to the candidate as an asynchronous invocation (`mirror`); the caller waits for none of
it. The candidate answers like any request, holds its answer against the one that was
served (`compare`), and says in its metric line how they differ; its answer goes to
nobody. Which candidate, and how large a share, the alias's own note tells (`note`).

Nothing here is imported before the first answer, nor in functions that were not
deployed to be shifted.
"""
