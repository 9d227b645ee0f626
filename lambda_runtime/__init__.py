"""What runs inside the function: load once, answer many; the standard library only."""

from lambda_runtime.packed import use

use(__path__[0])
