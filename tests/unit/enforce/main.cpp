#define BOOST_TEST_MODULE enforce
#include <boost/test/unit_test.hpp>
