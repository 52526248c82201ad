"""PURE. Indicators, scores, periods, grades: what a unit did, counted from closed facts, each figure open down to its cases.

    case -> charges.charges_of -> Charge per dispatch -> scoring.score(charges, rules) -> UnitScore -> scoring.league
Published: `Charge`, `Indicator`, `ScoreRules`, `UnitScore` (records), `charges_of`, `settle` (charges), `INDICATORS` (indicators),
`CITY_CENTRE`, `score`, `league`, `corrected` (scoring), `Month`, `months_of` (periods).
"""
