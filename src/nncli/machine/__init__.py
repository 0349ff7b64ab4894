"""Services of the machine: cores, threads, helper processes, locks, and files written whole or not at all."""
