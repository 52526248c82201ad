"""What every stage stands on: ids, time, geometry, errors. Imports nothing of ours."""
