using Tidings.Engine;

namespace Tidings.Tests.Options;

/// <summary>A key that anybody could guess is none.</summary>
public sealed class KeyOptionTests
{
    public static TheoryData<string, string> Weak
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var option in new[] { "ApiKey", "AdminKey", "WorkerKey" })
            {
                foreach (var key in new[] { "", " ", new string(' ', 40), "fifteen letters", "  fifteen letters  ", new string('\t', 20) })
                {
                    data.Add(option, key);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Weak))]
    public void Blank_and_short_keys_stop_the_start_and_are_not_shown(string option, string key)
    {
        var fault = Assert.Single(TidingsOptionsValidator.Faults(With(option, key)));
        Assert.StartsWith($"Tidings:{option} is too short", fault, StringComparison.Ordinal);
        Assert.DoesNotContain("fifteen", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ApiKey")]
    [InlineData("AdminKey")]
    [InlineData("WorkerKey")]
    public void One_of_sixteen_characters_is_taken(string option) => Assert.Empty(TidingsOptionsValidator.Faults(With(option, "sixteen letters!")));

    [Theory]
    [InlineData("1", "key", "shop:", "Id and Key must differ")]
    [InlineData("2", "KEY", "shop:", "Id and Key must differ")]
    [InlineData("2", "other", "", "Prefix is \"\"")]
    [InlineData("2", "other", "shop:", null)]
    public void Applications_of_Pusher_are_told_apart_as_addresses_are(string id, string key, string prefix, string? fault)
    {
        var options = new TidingsOptions();
        options.Pusher.Apps.Add(new PusherAppOptions { Id = "1", Key = "key", Secret = "sixteen letters!" });
        options.Pusher.Apps.Add(new PusherAppOptions { Id = id, Key = key, Secret = "sixteen letters!", Prefix = prefix });
        Assert.Equal(fault is not null, TidingsOptionsValidator.Faults(options).Any(said => said.Contains(fault ?? "", StringComparison.Ordinal)));
    }

    private static TidingsOptions With(string option, string key)
    {
        var options = new TidingsOptions();
        typeof(TidingsOptions).GetProperty(option)!.SetValue(options, key);
        return options;
    }
}
