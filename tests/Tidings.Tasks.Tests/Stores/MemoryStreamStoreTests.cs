using Tidings.Quotas;
using Tidings.Streams;

namespace Tidings.Tasks.Tests.Stores;

public sealed class MemoryStreamStoreTests : StreamStoreRules
{
    private protected override IStreamStore Store { get; } = new MemoryStreamStore(new SenderShares(MostBytes));
}
