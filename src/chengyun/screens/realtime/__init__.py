"""Live screens: what happened is told to everybody who may see it, within a fraction of a second, over one stream per browser.

Follow one event: a desk commits; the `relay` of the tenant finds the line in the outbox below the oldest running transaction; its card says
who may see the case; each group of readers with the same sight gets one small message; the page reads the rows it shows anew. The law
(tested): a snapshot and the messages since give the same as a fresh snapshot.
"""
