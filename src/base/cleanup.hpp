// A stack of undo actions: acquire, push the undo at once, release() at commit. Actions run in
// reverse order.
#pragma once

#include <functional>
#include <vector>

#include "nucleus/error.hpp"

namespace nucleus::base {

class Cleanup {
public:
    using Undo = std::function<Result<void>()>;

    Cleanup() = default;
    Cleanup(const Cleanup&) = delete;
    Cleanup& operator=(const Cleanup&) = delete;
    ~Cleanup() { (void)run(); }

    void push(Undo undo) { undos_.push_back(std::move(undo)); }
    // The acquisitions are now somebody else's: nothing is undone any more.
    void release() { undos_.clear(); }

    // Undoes everything, the newest first; each action runs even if an earlier one failed. The
    // first failure is returned.
    Result<void> run() {
        Result<void> outcome;
        while (!undos_.empty()) {
            Undo undo = std::move(undos_.back());
            undos_.pop_back();
            if (auto result = undo(); !result && outcome) outcome = std::move(result);
        }
        return outcome;
    }

    // Undoes everything because of `cause`, and returns it with the failures of undoing added.
    Error fail(Error cause) {
        if (auto undone = run(); !undone) return std::move(cause).also(undone.error());
        return cause;
    }

private:
    std::vector<Undo> undos_;
};

}  // namespace nucleus::base
