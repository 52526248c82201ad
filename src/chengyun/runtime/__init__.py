"""Settings, wiring, processes, command line: the only place that knows everything."""
