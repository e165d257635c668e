using System.Formats.Tar;
using System.Net.Http.Json;
using System.Text.Json;
using Tidings.CommandLine.Tests.Infrastructure;

namespace Tidings.CommandLine.Tests.Data;

/// <summary>A data directory on the command line: who has it, what is in it, a copy of it.</summary>
public sealed class DataCommandTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("tidings-data-command").FullName;

    private string Data => Path.Combine(_root, "data");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task A_running_server_is_looked_at_and_backed_up_and_a_second_one_is_told_who_has_the_directory()
    {
        await using var server = await LocalServer.StartAsync(("Tidings:Data", Data));
        using var http = server.OpenApi();
        var first = await PublishAsync(http, "one");
        var check = (await Tool.RunAsync("data", "check", Data, "--json")).Succeeds().Json;
        Assert.True(check.GetProperty("whole").GetBoolean());
        Assert.True(check.GetProperty("in_use").GetBoolean());
        Assert.Equal(1, check.GetProperty("messages").GetInt32());
        (await Tool.RunAsync("data", "renew", Data)).Fails(1, $"process {Environment.ProcessId}");
        (await Tool.RunAsync("serve", "--data", Data, "--urls", "http://127.0.0.1:0")).Fails(1, $"in use by process {Environment.ProcessId}");

        var file = Path.Combine(_root, "backup.tar");
        (await Tool.RunAsync("backup", Data, file)).Succeeds();
        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(file) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
        var restored = Directory.CreateDirectory(Path.Combine(_root, "restored")).FullName;
        await TarFile.ExtractToDirectoryAsync(file, restored, overwriteFiles: false);
        await PublishAsync(http, "after the backup");
        (await Tool.RunAsync("data", "check", restored)).Succeeds();
        await using var other = await LocalServer.StartAsync(("Tidings:Data", restored));
        using var otherHttp = other.OpenApi();
        var history = await otherHttp.GetFromJsonAsync<JsonElement>("/api/history?channel=chat:a&last=10");
        Assert.Equal("one", Assert.Single(history.GetProperty("messages").EnumerateArray()).GetProperty("data").GetString());
        Assert.NotEqual(first.GetProperty("epoch").GetString(), history.GetProperty("epoch").GetString());
        Assert.Equal("data", (await otherHttp.GetFromJsonAsync<JsonElement>("/api/info")).GetProperty("engine").GetString());
    }

    [Fact]
    public async Task A_directory_that_was_renewed_begins_new_epochs_and_keeps_its_messages()
    {
        string? epoch;
        await using (var server = await LocalServer.StartAsync(("Tidings:Data", Data)))
        {
            using var http = server.OpenApi();
            epoch = (await PublishAsync(http, "one")).GetProperty("epoch").GetString();
        }

        (await Tool.RunAsync("data", "renew", Data)).Succeeds();
        await using var again = await LocalServer.StartAsync(("Tidings:Data", Data));
        using var againHttp = again.OpenApi();
        var history = await againHttp.GetFromJsonAsync<JsonElement>("/api/history?channel=chat:a&last=10");
        Assert.NotEqual(epoch, history.GetProperty("epoch").GetString());
        Assert.Single(history.GetProperty("messages").EnumerateArray());
    }

    [Fact]
    public async Task Damage_is_told_with_its_place_and_makes_check_fail()
    {
        await using (var server = await LocalServer.StartAsync(("Tidings:Data", Data)))
        {
            using var http = server.OpenApi();
            for (var i = 0; i < 20; i++)
            {
                await PublishAsync(http, $"{i}");
            }
        }

        var segment = Directory.EnumerateFiles(Path.Combine(Data, "logs")).Single();
        var bytes = await File.ReadAllBytesAsync(segment);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(segment, bytes);
        var check = await Tool.RunAsync("data", "check", Data);
        Assert.Equal(1, check.Code);
        Assert.Contains($"damaged: {segment} is whole up to byte ", check.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_data_directory_is_said_to_be_none()
    {
        foreach (var command in (string[][])[["data", "check", _root], ["data", "info", _root], ["data", "renew", _root], ["backup", _root, Path.Combine(_root, "b.tar")]])
        {
            (await Tool.RunAsync(command)).Fails(1, "is no data directory");
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(_root));
        (await Tool.RunAsync("check", "--data", Data, "--redis", "127.0.0.1:6379")).Fails(2, "only one of the two can be set");
        Assert.Contains("Engine: data", (await Tool.RunAsync("check", "--data", Data, "--admin-key", "a key of the tests, long enough")).Succeeds().Text, StringComparison.Ordinal);
    }

    private static async Task<JsonElement> PublishAsync(HttpClient http, string text)
    {
        using var answer = await http.PostAsJsonAsync("/api/publish", new { channel = "chat:a", data = text, durable = true });
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }
}
