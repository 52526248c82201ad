"""Recurring work, one module a job; each publishes `JOBS`. What a job does lives in its stage: here it is only wired."""
