"""`python -m luna` is the command `luna`."""

from luna.app.cli import main

if __name__ == "__main__":
    main()
