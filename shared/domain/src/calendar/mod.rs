//! Calendars, zones and windows.
