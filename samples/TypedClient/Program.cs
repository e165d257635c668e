// dotnet run --project samples/TypedClient -- ws://localhost:5000/connect, beside samples/Typed
// No type is declared here: App.cs has all that the application in samples/Typed declares, and is written by its build.
using Tidings.Client;
using TidingsApp;

await using var tidings = new TidingsClient(new Uri(args[0]));
var app = new App(tidings);

var prices = app.Channels.Prices("oil").SubscribeMap();
await prices.WaitAsync();
Console.WriteLine($"spread: {string.Join(", ", prices.Values.Select(static price => price!.Ask - price.Bid))}");

Console.WriteLine($"sum: {await app.Calls.SumAsync(1, 2)}");
var receipt = await app.Calls.OrderAsync(new Order { Article = "pen" });
Console.WriteLine($"order: {receipt.Number} {receipt.State == OrderState.Open}");

var lobby = app.Channels.Chat("lobby");
await lobby.PublishAsync(new NewLine { Text = "Hello" });
await foreach (var line in lobby.MessagesAsync(new SubscribeOptions { Last = 1 }))
{
    Console.WriteLine($"{line.Value!.At:t} {line.Value.From ?? "somebody"}: {line.Value.Text}");
    break;
}
