"""EDGE IN. Files and standards by which other systems hand us their books and cases, and take ours."""
