"""The table that sets what a container does beside what a bare machine does."""
import sys


class Comparison:
    """Both take turns, and the best of each counts, because what else a host does only ever takes away. A measure is of some work that is
    done at a pace; beside the pace stands the processor time that a container's machine took for it, over that of the bare one, in all
    rounds: on a busy host it says more."""

    def __init__(self, target, rounds, only):
        self.target, self.rounds, self.only, self.under = target, rounds, only, 0
        self.row("best of each", "ours", "bare", "ratio", "target", "processor time", "")

    def row(self, *cells):
        widths = (46, 10, 10, 7, 8, 16, 0)
        print("  ".join(str(cell).ljust(width) for cell, width in zip(cells, widths)).rstrip(), flush=True)

    def judge(self, what, measure, ours, beside):
        """`measure` does the work with a load, in a round of that number, and gives (amount, seconds)."""
        if self.only and not any(part in what for part in self.only):
            return
        for load in (ours, beside):
            measure(load, 0)  # warms up
        best, cost = {ours: 0, beside: 0}, {ours: 0, beside: 0}
        for number in range(1, self.rounds + 1):
            for load in (ours, beside) if number % 2 else (beside, ours):
                begun = load.processor_seconds()
                amount, seconds = measure(load, number)
                cost[load] += load.processor_seconds() - begun
                best[load] = max(best[load], amount / seconds)
        ratio = best[ours] / best[beside]
        self.under += ratio < self.target
        self.row(what, *(f"{best[load]:.1f}" for load in (ours, beside)), f"{ratio:.2f}", f"{self.target:g}",
                 f"{cost[ours] / max(cost[beside], 0.01):.2f}", "" if ratio >= self.target else "UNDER TARGET")

    def end(self, check):
        if self.under:
            print(f"{self.under} under target")
        sys.exit(1 if check and self.under else 0)
