"""The Django half alone, for a WSGI server as production runs it: `granian --interface wsgi bench.wsgi:application`."""

import django

django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402 - Django wants its settings first

from chengyun.runtime import wiring  # noqa: E402
from chengyun.runtime.installation import read_installation  # noqa: E402

wiring.furnish(read_installation())
application = get_wsgi_application()
