"""What this screen adds to the web process: rates inside, headers around everything."""

from chengyun.screens.security.headers import SecurityHeaders
from chengyun.screens.security.rates import RateLimits

MIDDLEWARE = [RateLimits, SecurityHeaders]
