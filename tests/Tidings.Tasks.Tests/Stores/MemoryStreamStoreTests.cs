using Tidings.Quotas;
using Tidings.Specification;
using Tidings.Streams;

namespace Tidings.Tasks.Tests.Stores;

public sealed class MemoryStreamStoreTests : StreamStoreRules
{
    protected override IStreamStore Store { get; } = new MemoryStreamStore(new SenderShares(MostBytes));
}
