#include "enforce/cgroup.hpp"

#include "enforce/cgroupfs.hpp"
#include "enforce/systemd_backend.hpp"

namespace nucleus::enforce {

Result<std::unique_ptr<CgroupBackend>> open_cgroup(sys::Kernel& kernel,
                                                   const state::CgroupRecord& record,
                                                   CgroupRights rights) {
    if (record.manager == "systemd" && !record.unit.empty())
        return std::unique_ptr<CgroupBackend>(
            std::make_unique<SystemdBackend>(kernel, record, rights));
    if (record.manager != "cgroupfs" && record.manager != "systemd" && record.manager != "disabled")
        return Error(Errc::unsupported, "no such cgroup manager: '" + record.manager + "'");
    return std::unique_ptr<CgroupBackend>(
        std::make_unique<CgroupfsBackend>(kernel, record, rights));
}

}  // namespace nucleus::enforce
