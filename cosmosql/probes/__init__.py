"""From the plan graph to measurements, and from measurements to observations. Spends money."""
