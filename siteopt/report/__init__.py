"""Output for people: tables on the terminal, the report page, and files for maps and spreadsheets."""
