"""A freshly flashed SD card that boots into a running agent.

What is written is told by pure rules (`order`, `wifi`, `keys`, `settings`, `cloud`, `firstrun`, `kernel_line`, `card`);
`partition` looks at the card and `write` writes it. What then happens on the Raspberry Pi is in ``on_card/``.
"""
