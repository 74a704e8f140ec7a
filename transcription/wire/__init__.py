"""The audio API as OpenAI's clients know it: docs/openai-clients.md."""
