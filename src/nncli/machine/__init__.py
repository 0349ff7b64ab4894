"""What the machine offers: cores, threads, helper processes, locks, and files written whole or not at all."""
