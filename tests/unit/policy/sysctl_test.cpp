// linux.sysctl: which parameters a container may set, in which namespaces.
#include <boost/test/unit_test.hpp>

#include "sample.hpp"

using namespace nucleus;
using namespace nucleus::policy::testing;

namespace {

Outcome with_sysctl(std::map<std::string, std::string> sysctl, std::string_view inherited = "") {
    spec::Spec spec = sample_spec_with_user_namespace();
    std::erase_if(spec.linux_->namespaces,
                  [&](const spec::Namespace& entry) { return entry.type == inherited; });
    if (inherited == "user") {
        spec.linux_->uid_mappings.clear();
        spec.linux_->gid_mappings.clear();
    }
    spec.linux_->sysctl = std::move(sysctl);
    return translated(spec);
}

const struct {
    const char* name;
    const char* kind;
} kAllowed[] = {
    {"kernel.msgmax", "ipc"},
    {"kernel.msgmnb", "ipc"},
    {"kernel.msgmni", "ipc"},
    {"kernel.sem", "ipc"},
    {"kernel.shmall", "ipc"},
    {"kernel.shmmax", "ipc"},
    {"kernel.shmmni", "ipc"},
    {"kernel.shm_rmid_forced", "ipc"},
    {"fs.mqueue.msg_max", "ipc"},
    {"net.ipv4.ip_forward", "network"},
    {"net.ipv4.conf.eth0/100.forwarding", "network"},
    {"kernel.domainname", "uts"},
    {"user.max_user_namespaces", "user"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(sysctl)

BOOST_AUTO_TEST_CASE(parameters_of_a_namespace_are_kept_where_it_is_the_containers_own) {
    for (const auto& row : kAllowed) {
        const std::map<std::string, std::string> sysctl{{row.name, "1"}};
        BOOST_TEST((with_sysctl(sysctl).policy().sysctl == sysctl), row.name);
    }
}

BOOST_AUTO_TEST_CASE(parameters_of_an_inherited_namespace_are_refused) {
    for (const auto& row : kAllowed) {
        const Outcome outcome = with_sysctl({{row.name, "1"}}, row.kind);
        BOOST_TEST(
            outcome.refusal().ends_with(std::string(": needs a namespace of type '") + row.kind +
                                        "' of the container's own; it inherits the runtime's"),
            outcome.refusal());
        BOOST_TEST((outcome.code() == Errc::invalid_config));
    }
}

BOOST_AUTO_TEST_CASE(a_joined_namespace_is_the_containers_own) {
    spec::Spec spec = sample_spec();
    spec.linux_->namespaces = {{"network", "/run/netns/a"}, {"mount", ""}};
    spec.linux_->sysctl = {{"net.core.somaxconn", "1"}};
    BOOST_TEST(translated(spec).refusal() == "accepted");
}

BOOST_AUTO_TEST_CASE(parameters_of_the_host_are_refused) {
    for (const char* name : {"kernel.core_pattern", "vm.swappiness", "kernel.msgmaxx", "network.x",
                             "fs.mqueue", "fs.file-max", "kernel", "user"}) {
        BOOST_TEST(with_sysctl({{name, "1"}}).refusal() ==
                   std::string("config.json /linux/sysctl/") + name +
                       ": is not kept by a namespace: it would change the host");
    }
}

BOOST_AUTO_TEST_CASE(the_hostname_has_its_own_property) {
    BOOST_TEST(
        with_sysctl({{"kernel.hostname", "a"}}).refusal() ==
        "config.json /linux/sysctl/kernel.hostname: conflicts with the property hostname: use "
        "that");
}

BOOST_AUTO_TEST_CASE(a_domain_name_is_said_once) {
    spec::Spec spec = sample_spec();
    spec.domainname = "example.org";
    spec.linux_->sysctl = {{"kernel.domainname", "example.org"}};
    BOOST_TEST(translated(spec).refusal() ==
               "config.json /linux/sysctl/kernel.domainname: conflicts with the property "
               "domainname");
}

BOOST_AUTO_TEST_CASE(slashes_may_separate_as_in_sysctl_8) {
    const std::map<std::string, std::string> expected{{"net.ipv4.conf.eth0/100.forwarding", "1"}};
    const Outcome outcome = with_sysctl({{"net/ipv4/conf/eth0.100/forwarding", "1"}});
    BOOST_TEST((outcome.policy().sysctl == expected));
    BOOST_TEST(
        with_sysctl({{"kernel/hostname", "a"}}).refusal() ==
        "config.json /linux/sysctl/kernel~1hostname: conflicts with the property hostname: use "
        "that");
    BOOST_TEST(
        with_sysctl({{"net.core.somaxconn", "1"}, {"net/core/somaxconn", "2"}}).refusal() ==
        "config.json /linux/sysctl/net~1core~1somaxconn: is written twice, with dots and with "
        "slashes");
}

BOOST_AUTO_TEST_CASE(names_that_would_leave_proc_sys_are_refused) {
    for (const char* name : {"", ".", "net.", "net..x", "net.//.kernel.core_pattern", "net./.x",
                             "net/../kernel/core_pattern", "net/./x", "net//x", "/net/x"}) {
        BOOST_TEST(
            with_sysctl({{name, "1"}}).refusal().ends_with(": is no name of a kernel parameter"),
            name);
    }
}

BOOST_AUTO_TEST_CASE(nul_characters_are_refused) {
    BOOST_TEST(with_sysctl({{"net.core.somaxconn", std::string("1\0", 2)}}).refusal() ==
               "config.json /linux/sysctl/net.core.somaxconn: must not hold a NUL character");
}

BOOST_AUTO_TEST_SUITE_END()
