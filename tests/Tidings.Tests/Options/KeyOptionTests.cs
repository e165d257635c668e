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

    private static TidingsOptions With(string option, string key)
    {
        var options = new TidingsOptions();
        typeof(TidingsOptions).GetProperty(option)!.SetValue(options, key);
        return options;
    }
}
