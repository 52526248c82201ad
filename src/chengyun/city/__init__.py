"""What stands still: organisations, areas, people and roles, category catalogue, duty list, work calendars.

Every record has validity dates: a past case is read with the rules of its day. Cases may import this stage; it knows nothing of them.
"""
