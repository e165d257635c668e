using Microsoft.Extensions.DependencyInjection;

namespace Tidings.Data.Tests;

/// <summary>One engine an application.</summary>
public sealed class RegistrationTests
{
    [Fact]
    public void A_directory_goes_neither_with_redis_nor_with_another_directory()
    {
        Assert.Contains("AddRedis", Assert.Throws<InvalidOperationException>(() => Builder().AddRedis("127.0.0.1:6379").AddData("data")).Message, StringComparison.Ordinal);
        Assert.Contains("AddData", Assert.Throws<InvalidOperationException>(() => Builder().AddData("data").AddRedis("127.0.0.1:6379")).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => Builder().AddData("data").AddData("other"));
        Assert.Throws<ArgumentException>(() => Builder().AddData(" "));
    }

    private static TidingsServiceBuilder Builder() => new ServiceCollection().AddTidings();
}
