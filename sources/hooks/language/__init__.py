"""The language a mapping is written in: its words, and what each of them may say."""
