"""The administration pages at `/admin/`: reference data for the system administrator, accounts and settings shown to the security
administrator, cases shown to the auditor.

    site.py     who may open which page, inside which tenant, in which language
    naming.py   what tables and columns are called
    asgi.py     their scripts and styles, from this installation
"""
