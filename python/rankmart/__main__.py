"""`python -m rankmart`: the command line."""

from rankmart.command_line import main

if __name__ == "__main__":
    main()
