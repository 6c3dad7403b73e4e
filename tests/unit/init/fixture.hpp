// A recorder of system calls for each test of single steps.
#pragma once

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "recorder.hpp"

namespace nucleus::init::testing {

struct Fixture {
    Recorder recorder;

    void check_calls(const std::vector<std::string>& expected) const {
        BOOST_TEST(recorder.texts() == expected, boost::test_tools::per_element());
    }
};

}  // namespace nucleus::init::testing
