#include <type_traits>

#include "wire/message.hpp"
#include "wire/plan.hpp"

namespace nucleus::wire {

// The block is copied byte by byte and read by another program.
static_assert(std::is_trivially_copyable_v<Step> && std::is_trivially_copyable_v<Header>);
static_assert(std::is_trivially_copyable_v<Report> && std::is_trivially_copyable_v<Order>);
static_assert(sizeof(Step) % alignof(std::uint64_t) == 0);

}  // namespace nucleus::wire
