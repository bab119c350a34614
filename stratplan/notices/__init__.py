"""Notices: what people are told of, in the application, by letter and in their calendars."""
